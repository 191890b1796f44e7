// Raising the version in HIPPOFACTS as part of a publish: first in memory, and on disk at the very end, so that a publish
// that breaks off can be repeated with the same version.

import { constants } from 'node:fs';
import { access, chmod, chown, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { bumpVersion, type Bump } from '../hippofacts/bump.ts';
import { findManifest, readManifest } from '../hippofacts/find.ts';
import { applyEdits } from '../hippofacts/text-edit.ts';
import { editVersion, readVersion } from '../hippofacts/version-edit.ts';

export interface RaisedVersion {
  file: string;
  from: string;
  to: string;
  /** The whole file with the new version. */
  text: string;
}

/** The version cannot be raised; nothing was changed. */
export class VersionError extends Error {
  readonly code: 'NO_VERSION' | 'READ_ONLY' | 'NOT_WRITTEN';
  readonly hint: string | undefined;
  constructor(code: VersionError['code'], message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VersionError';
    this.code = code;
    this.hint = hint;
  }
}

/**
 * What the file would be; the file itself is left alone.
 * @param target a project's folder or its HIPPOFACTS
 * @param after a version that is taken: the next one after it, instead of after that of the file
 * @throws VersionError, ManifestError
 */
export async function raiseVersion(target: string, bump: Bump, after?: string): Promise<RaisedVersion> {
  const { file, kind } = await findManifest(target);
  if (kind === 'module')
    throw new VersionError(
      'NO_VERSION',
      `${file} has no HIPPOFACTS, so there is no version to raise.`,
      'Make one with `hippo new`.',
    );
  const text = await readManifest(file);
  const from = readVersion(text);
  const to = from === undefined ? undefined : bumpVersion(after ?? from, bump);
  const edit = to === undefined ? undefined : editVersion(text, to);
  if (from === undefined || to === undefined || !edit)
    throw new VersionError('NO_VERSION', `${file} has no semantic version (e.g. 1.2.3) to raise.`);
  await access(file, constants.W_OK).catch((error: unknown) => {
    throw new VersionError(
      'READ_ONLY',
      `${file} cannot be written, so its version stays ${from}.`,
      undefined,
      {
        cause: error,
      },
    );
  });
  return { file, from, to, text: applyEdits(text, [edit]) };
}

/**
 * Writes the new version into the file as it is by now: only its version is changed.
 * @returns false if somebody else has changed the version meanwhile, which is then left alone
 * @throws VersionError `NOT_WRITTEN`
 */
export async function writeVersion({ file, from, to }: RaisedVersion): Promise<boolean> {
  try {
    const text = await readManifest(file);
    const version = readVersion(text);
    if (version === to) return true;
    const edit = version === from ? editVersion(text, to) : undefined;
    if (!edit) return false;
    await replaceFile(file, applyEdits(text, [edit]));
    return true;
  } catch (error) {
    throw new VersionError(
      'NOT_WRITTEN',
      `${to} is published, but ${file} still says ${from}: ${reasonOf(error)}`,
      `Write version = "${to}" into it.`,
      { cause: error },
    );
  }
}

/** As a whole or not at all, with the owner and the permissions that the file has; a link stays one. */
async function replaceFile(file: string, text: string): Promise<void> {
  const target = await realpath(file);
  const { mode, uid, gid } = await stat(target);
  const temporary = join(dirname(target), `.${randomUUID()}.part`);
  try {
    await writeFile(temporary, text);
    // Only root may give files away, and nobody else has to.
    await chown(temporary, uid, gid).catch(() => undefined);
    // The process has a umask.
    await chmod(temporary, mode);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
