// `hippo key`: the keys that sign bindles, and the keyring of those that are trusted.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { encode } from '../../bindle/codec.ts';
import {
  addSecretKeys,
  KeyFileError,
  keyringText,
  parseRoles,
  parseTrusted,
  readKeyringFile,
  readSecretKeys,
  trustKeys,
} from '../../bindle/keys.ts';
import { generateKey, keyEntry, type KeyEntry, type SigningKey } from '../../bindle/signing.ts';
import { publisher } from '../../publish/version.ts';
import { findPlaces } from '../../session/places.ts';
import { CommandError, EXIT } from '../failure.ts';
import { addHippoOptions, withHippo, type HippoOptions } from '../hippo.ts';
import { count, print, say, type Screen } from '../screen.ts';
import { printTable } from '../table.ts';
import { addServerOptions, connect, type ServerOptions } from '../server.ts';

const JSON_OPTION = (): Option =>
  new Option('-o, --output <form>', 'what to print').choices(['message', 'json']).default('message');

export function configure(command: Command, screen: Screen): void {
  const places = findPlaces(screen.env);

  command
    .command('create')
    .description('make a key pair; bindles are signed with the first key that has the role creator')
    .argument('[label]', 'who signs (default: you)')
    .option('--roles <roles>', 'what the key may sign as: creator, approver, proxy, host', 'creator')
    .addOption(JSON_OPTION())
    .action(async (label: string | undefined, options: { roles: string; output: string }) => {
      const roles = parseRoles(options.roles);
      if (!roles)
        throw new CommandError(`"${options.roles}" is not a list of roles.`, {
          hint: 'Give one or more of creator, approver, proxy, host, with commas between.',
          exitCode: EXIT.usage,
        });
      const key = generateKey(label ?? publisher(screen.env), roles);
      await addSecretKeys(places.secretKeys, [key]);
      await trustKeys(places.keyring, [keyEntry(key)]);
      printEntries(screen, options.output, [keyEntry(key)]);
      say(screen, `The private key is in ${places.secretKeys}: keep that file to yourself.`);
    });

  command
    .command('list')
    .description('list your own keys and the trusted ones')
    .addOption(JSON_OPTION())
    .action(async (options: { output: string }) => {
      const own = await readSecretKeys(places.secretKeys);
      const { key: trusted } = await readKeyringFile(places.keyring);
      if (options.output === 'json')
        return print(screen, JSON.stringify({ own: own.map(keyEntry), trusted }));
      if (own.length + trusted.length === 0)
        return say(
          screen,
          'There are no keys yet: `hippo key create` makes one, and so does the first publish.',
        );
      const mine = new Set(own.map((key) => keyEntry(key).key));
      for (const entry of own.map(keyEntry)) print(screen, `own      ${line(entry)}`);
      for (const entry of trusted.filter(({ key }) => !mine.has(key)))
        print(screen, `trusted  ${line(entry)}`);
    });

  command
    .command('export')
    .description('print a public key as a keyring entry, for the operator of a server or for others')
    .argument('[label]', 'which key (default: the one that signs)')
    .addOption(JSON_OPTION())
    .action(async (label: string | undefined, options: { output: string }) => {
      const key = chooseKey(await readSecretKeys(places.secretKeys), label);
      printEntries(screen, options.output, [keyEntry(key)]);
    });

  command
    .command('import')
    .description('take over private keys from a secret_keys.toml, such as one of the bindle client')
    .argument('<file>')
    .action(async (file: string) => {
      const path = resolve(screen.cwd, file);
      const keys = await readSecretKeys(path);
      if (keys.length === 0) throw new CommandError(`${path} holds no keys, or is not there.`);
      const known = new Set((await readSecretKeys(places.secretKeys)).map((key) => keyEntry(key).key));
      const fresh = keys.filter((key) => !known.has(keyEntry(key).key));
      await addSecretKeys(places.secretKeys, fresh);
      await trustKeys(places.keyring, keys.map(keyEntry));
      print(
        screen,
        `imported: ${count(fresh.length, 'key')}${fresh.length < keys.length ? ', the others were here already' : ''}`,
      );
    });

  const recorded = command
    .command('recorded')
    .description('list the keys that a Hippo has seen you sign with; for administrators, of everybody')
    .addOption(JSON_OPTION());
  addHippoOptions(recorded).action((options: HippoOptions & { output: string }) =>
    withHippo(screen, options, async ({ client }) => {
      const keys = await client.keys();
      if (options.output === 'json') return print(screen, JSON.stringify(keys));
      if (keys.length === 0) return say(screen, 'No key was seen yet: it comes with the first push.');
      printTable(
        screen,
        ['KEY', 'LABEL', 'USER', 'FIRST SEEN', 'REVOKED', 'ID'],
        keys.map(({ key, label, userName, firstSeenAt, revokedAt, id }) => [
          key,
          label,
          userName,
          firstSeenAt,
          revokedAt ?? '',
          id,
        ]),
      );
    }),
  );

  const revoke = command
    .command('revoke')
    .description('revoke a recorded key: nothing new may be signed with it; for administrators')
    .argument('<key>', 'base64 text, or its id');
  addHippoOptions(revoke).action((wanted: string, options: HippoOptions) =>
    withHippo(screen, options, async ({ client }) => {
      const found = (await client.keys()).find(({ id, key }) => id === wanted || key === wanted);
      if (!found)
        throw new CommandError('This Hippo has not recorded such a key.', {
          hint: '`hippo key recorded` lists those that it has.',
        });
      await client.revokeKey(found.id);
      print(screen, `revoked: ${found.key}  ${found.label}, of ${found.userName}`);
    }),
  );

  const trust = command
    .command('trust')
    .description('trust a public key: given as base64 or as a keyring file, or the keys of the server')
    .argument('[key]', 'base64 text, or a file')
    .option('--label <label>', 'name for a key given as base64', 'trusted')
    .option('--host', "trust the server's own keys");
  addServerOptions(trust).action(
    async (key: string | undefined, options: ServerOptions & { label: string; host?: boolean }) => {
      if ((key === undefined) === (options.host !== true))
        throw new CommandError('Give either a key (as base64, or a file that holds it) or --host.', {
          exitCode: EXIT.usage,
        });
      const entries =
        key === undefined ? await hostKeys(screen, options) : await readTrusted(screen, key, options.label);
      const fresh = await trustKeys(places.keyring, entries);
      for (const entry of fresh) print(screen, `trusted  ${line(entry)}`);
      if (fresh.length === 0) say(screen, 'These keys were trusted already.');
    },
  );
}

async function hostKeys(screen: Screen, options: ServerOptions): Promise<KeyEntry[]> {
  const client = await connect(screen, options);
  try {
    return (await client.keys()).key;
  } finally {
    await client.close();
  }
}

async function readTrusted(screen: Screen, key: string, label: string): Promise<KeyEntry[]> {
  const text = await readFile(resolve(screen.cwd, key), 'utf8').catch(() => key);
  return parseTrusted(text, label);
}

function chooseKey(keys: readonly SigningKey[], label: string | undefined): SigningKey {
  const found = keys.find((key) =>
    label === undefined ? key.roles.includes('creator') : key.label === label,
  );
  if (found) return found;
  throw new KeyFileError(
    'NO_SUCH_KEY',
    label === undefined
      ? 'There is no key that signs as creator: `hippo key create` makes one.'
      : `There is no key named "${label}": see \`hippo key list\`.`,
  );
}

function printEntries(screen: Screen, form: string, entries: readonly KeyEntry[]): void {
  if (form === 'json') print(screen, encode(entries, 'json'));
  else print(screen, entries.map(keyringText).join('\n').trimEnd());
}

function line({ label, key, roles }: KeyEntry): string {
  return `${key}  ${label} (${roles.join(', ')})`;
}
