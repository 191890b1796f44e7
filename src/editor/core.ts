// What is loaded on first use: the rooms below that talk to servers. It is a bundle of its own (esbuild.mjs), so
// import it as `await import('../core.ts')` and take no more than types from those rooms anywhere else.

export { BindleClient } from '../bindle/client.ts';
export { HippoClient } from '../hippo/client.ts';
export { findLocalPlatform, findPlatformAt } from '../session/known-platforms.ts';
export {
  ensurePlatform,
  findPlatform,
  isOlder,
  LEASE_SECONDS,
  restartPlatform,
} from '../session/local-platform.ts';
export { examine } from '../session/examine.ts';
export { openSession, readCertificates, transport } from '../session/open-session.ts';
export { signIn, signOut } from '../session/sign-in.ts';
export { proposeManifest, writeNewManifest } from '../hippofacts/create.ts';
export { gitAuthor } from '../hippofacts/git-author.ts';
export { createProject, inTheWay } from '../hippofacts/new-project.ts';
export { TEMPLATES } from '../hippofacts/templates.ts';
