// `hippo certificate`: TLS certificates for the domains of channels.

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CommandError, EXIT } from '../failure.ts';
import { addHippoOptions, withHippo, type HippoOptions } from '../hippo.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { print, say, type Screen } from '../screen.ts';
import { printTable } from '../table.ts';

interface Options extends HippoOptions {
  output: OutputForm;
}

export function configure(command: Command, screen: Screen): void {
  const add = command
    .command('add')
    .aliases(['new', 'create'])
    .description('store a certificate with its private key; the local Hippo keeps it and serves http')
    .argument('<name>', 'letters, digits, "-" and "_"')
    .argument('<certificate>', 'PEM file')
    .argument('<private-key>', 'PEM file');
  addOutputOption(addHippoOptions(add)).action(
    async (name: string, certificate: string, key: string, options: Options) => {
      const publicKey = await readPem(resolve(screen.cwd, certificate), /^CERTIFICATE$/, 'certificate');
      const privateKey = await readPem(resolve(screen.cwd, key), /^([A-Z]+ )?PRIVATE KEY$/, 'private key');
      await withHippo(screen, options, async ({ client }) => {
        const id = await client.createCertificate({ name, publicKey, privateKey });
        printResult(screen, options.output, {
          id,
          message: `Added ${name} (ID = '${id}')`,
          json: { id, name },
        });
      });
    },
  );

  const list = command.command('list').aliases(['ls']).description('list the certificates');
  addOutputOption(addHippoOptions(list), ['message', 'id', 'json']).action((options: Options) =>
    withHippo(screen, options, async ({ client }) => {
      // Real servers give private keys out; nobody here needs them.
      const certificates = (await client.certificates()).map(({ id, name, publicKey, channels }) => ({
        id,
        name,
        publicKey,
        channels: channels.map((channel) => ({ id: channel.id, name: channel.name })),
      }));
      if (options.output === 'json') return print(screen, JSON.stringify(certificates));
      if (options.output === 'id') return certificates.forEach(({ id }) => print(screen, id));
      if (certificates.length === 0) return say(screen, 'There is no certificate.');
      printTable(
        screen,
        ['NAME', 'CHANNELS', 'ID'],
        certificates.map(({ id, name, channels }) => [
          name,
          channels.map((channel) => channel.name).join(', '),
          id,
        ]),
      );
    }),
  );

  const remove = command
    .command('remove')
    .aliases(['rm', 'delete'])
    .description('remove a certificate; channels that had it have none')
    .argument('<certificate>', 'name or id');
  addOutputOption(addHippoOptions(remove)).action((wanted: string, options: Options) =>
    withHippo(screen, options, async ({ client }) => {
      const found = (await client.certificates()).find(({ id, name }) => id === wanted || name === wanted);
      if (!found)
        throw new CommandError(`There is no certificate "${wanted}".`, {
          hint: '`hippo certificate list` lists them.',
        });
      await client.removeCertificate(found.id);
      printResult(screen, options.output, {
        id: found.id,
        message: `Removed ${found.name}`,
        json: { id: found.id, name: found.name },
      });
    }),
  );
}

/** A text in PEM form; what it holds is not repeated in errors. */
async function readPem(file: string, label: RegExp, what: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${file} cannot be read (${error.code}).`, { exitCode: EXIT.usage });
  });
  const labels = [...text.matchAll(/^-----BEGIN ([A-Z ]+)-----\s*$/gm)].map(([, name = '']) => name);
  if (labels.some((name) => label.test(name))) return text;
  throw new CommandError(`${file} holds no ${what} in PEM form.`, {
    hint: 'The certificate comes first, then its private key.',
    exitCode: EXIT.usage,
  });
}
