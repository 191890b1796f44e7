// Where this product keeps things on a machine, the same for every front door.

import { join } from 'node:path';
import envPaths from 'env-paths';

export interface Places {
  /** Private keys that sign (0600). */
  secretKeys: string;
  /** Public keys that are trusted. */
  keyring: string;
  /** Connections to Hippos by name, one small file each (0600). */
  connections: string;
  /** Tokens, and passwords that are kept, one small file each (0600). */
  secrets: string;
  /** Which app and channel each project is about, one small file each (0600). */
  projects: string;
  /** Digests of files, one small file a project; may be deleted at any time. */
  hashCache: string;
  /** Compiled code of the command; may be deleted at any time. */
  compileCache: string;
  /** The local Hippo's state. */
  platform: string;
  /** Where local Hippos with their state elsewhere are noted, by port (0600). */
  platforms: string;
  /** Brokers that are started alone: one folder each, named like its offering. */
  brokers: string;
}

/** The usual folders of the operating system, or all below `HIPPO_HOME` where that is set. */
export function findPlaces(env: NodeJS.ProcessEnv): Places {
  const home = env['HIPPO_HOME'];
  const { config, cache, data } = home
    ? { config: home, cache: join(home, 'cache'), data: home }
    : envPaths('hippo', { suffix: '' });
  return {
    secretKeys: join(config, 'secret_keys.toml'),
    keyring: join(config, 'keyring.toml'),
    connections: join(config, 'connections'),
    secrets: join(config, 'secrets'),
    projects: join(config, 'projects'),
    hashCache: join(cache, 'hashes'),
    compileCache: join(cache, 'compiled'),
    platform: join(data, 'platform'),
    platforms: join(data, 'platforms'),
    brokers: join(data, 'brokers'),
  };
}
