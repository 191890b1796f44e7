// The oldest Node that can run this product: VS Code 1.106 brings it, undici and node:sqlite need it.

const OLDEST = [22, 19] as const;

/** One sentence if this version of Node is too old, else undefined. */
export function nodeProblem(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined;
  return `hippo needs Node ${OLDEST.join('.')} or later, and this is Node ${version}: install a newer one from https://nodejs.org.`;
}
