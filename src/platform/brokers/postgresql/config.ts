// `config.json` in the broker's folder: what the machine's administrator may set.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';

const Config = Type.Object({
  /** `postgresql://user:password@host:port/database` of a superuser, to use a server that is there already. */
  server: Type.Optional(Type.String({ minLength: 1 })),
  /** How often the size of the databases is looked at. */
  sampleSeconds: Type.Optional(Type.Number({ minimum: 0.1, maximum: 3600 })),
  /** How long a closed database may be cleaned up. */
  cleanUpHours: Type.Optional(Type.Number({ minimum: 0, maximum: 8760 })),
  /** How long dumps are kept; 0 for none. */
  dumpDays: Type.Optional(Type.Number({ minimum: 0, maximum: 3650 })),
});

export type Config = Required<Omit<Static<typeof Config>, 'server'>> & Pick<Static<typeof Config>, 'server'>;

const DEFAULTS = { sampleSeconds: 10, cleanUpHours: 7 * 24, dumpDays: 7 };

/** @throws Error if the file is not what it must be; it may hold a password, and is not quoted */
export function readConfig(directory: string): Config {
  const file = join(directory, 'config.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return DEFAULTS;
    throw error;
  }
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    throw new Error(`${file} is not JSON.`);
  }
  if (!Check(Config, config))
    throw new Error(
      `${file} must be an object of server (postgresql://…), sampleSeconds, cleanUpHours and dumpDays.`,
    );
  return { ...DEFAULTS, ...config };
}
