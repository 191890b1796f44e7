// What is loaded on first use: the rooms below that talk to servers. It is a bundle of its own (esbuild.mjs), so
// import it as `await import('../core.ts')` and take no more than types from those rooms anywhere else.

export { AddonsClient } from '../addons/client.ts';
export { onlyUsedBy } from '../addons/only-used-by.ts';
export { waitForAddon } from '../addons/wait.ts';
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
export { bindleCredentials, bindleUrlOf } from '../session/bindle-server.ts';
export { examine } from '../session/examine.ts';
export { openSession, readCertificates, transport } from '../session/open-session.ts';
export { ServerLook } from '../session/server-facts.ts';
export { signIn, signOut } from '../session/sign-in.ts';
export { createAddonCommands } from './marketplace/all-commands.ts';
export { readKeyringFile } from '../bindle/keys.ts';
export { downloadParcel, openRemoteParcel } from '../bindle/parcel-copy.ts';
export { parseStrategy, signInvoice, verifyInvoice } from '../bindle/signing.ts';
export { streamStandalone } from '../bindle/standalone.ts';
export { readManifest } from '../hippofacts/find.ts';
export { readVersion } from '../hippofacts/version-edit.ts';
export { creatorKey } from '../publish/creator-key.ts';
export { makeBindle } from '../publish/make-bindle.ts';
export { progressLine, progressText, PushTally, shareOf } from '../publish/push-tally.ts';
export { preview, publish, releaseStored } from '../publish/run.ts';
export { stage } from '../publish/stage.ts';
export { StageTimes } from '../publish/stage-times.ts';
export { BUMPS, bumpVersion } from '../hippofacts/bump.ts';
export { publisher, versioningOf } from '../publish/version.ts';
export { eventLines, planLines } from '../publish/words.ts';
export { currentChannel, storageIdOf } from '../session/current.ts';
export { proposeManifest, writeNewManifest } from '../hippofacts/create.ts';
export { gitAuthor } from '../hippofacts/git-author.ts';
export { createProject, inTheWay } from '../hippofacts/new-project.ts';
export { TEMPLATES } from '../hippofacts/templates.ts';
export { compare as compareVersions } from 'semver';
export { isUnknownStorage } from '../hippo/errors.ts';
export { followLog } from '../hippo/follow-log.ts';
export { parseRule } from '../hippo/rules.ts';
export { followRule, pinRevision, previousRevision } from '../hippo/selection.ts';
export { editVariables, withVariables } from '../hippo/variables.ts';
export { appNameOf, compareFiles, planPublish } from '../publish/plan.ts';
