// Bindle ids: `<name>/<version>`, the version a strict SemVer (Bindle spec "Invoice", reference B:src/id.rs).

/** Official SemVer 2.0.0 grammar; no leading `v`, no blanks, no leading zeros. */
export const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;
const U64_MAX = 18446744073709551615n;

export interface BindleId {
  readonly name: string;
  readonly version: string;
}

/** True if `text` is a version that every Bindle peer accepts (SemVer 2.0.0, numbers up to 2^64-1). */
export function isVersion(text: string): boolean {
  const match = SEMVER.exec(text);
  return match !== null && match.slice(1, 4).every((number) => BigInt(number) <= U64_MAX);
}

/** `name/version`, split at the last slash; undefined if it is not a bindle id. */
export function parseId(text: string): BindleId | undefined {
  const slash = text.lastIndexOf('/');
  if (slash <= 0) return undefined;
  const id = { name: text.slice(0, slash), version: text.slice(slash + 1) };
  return isVersion(id.version) ? id : undefined;
}

export function formatId(id: BindleId): string {
  return `${id.name}/${id.version}`;
}

/**
 * Why a name cannot be used for a new bindle, or undefined if it can. The protocol sends names as URL path
 * segments without decoding, so only characters that every client leaves alone are safe.
 */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name.length > 200) return 'it is longer than 200 characters';
  const bad = /[^A-Za-z0-9_.\-/]/u.exec(name);
  if (bad) return `it contains ${JSON.stringify(bad[0])}; use letters, digits, "-", "_", "." and "/"`;
  const segments = name.split('/');
  if (segments.includes('')) return 'it has an empty part before, after or between slashes';
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'it has "." or ".." as a part';
  return undefined;
}
