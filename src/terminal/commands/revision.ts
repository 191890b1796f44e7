// `hippo revision`: the bindle versions that a Hippo knows of an app.

import type { Command } from 'commander';
import { BindleError } from '../../bindle/http.ts';
import { parseId } from '../../bindle/id.ts';
import { HippoError } from '../../hippo/client.ts';
import { CommandError, EXIT } from '../failure.ts';
import { addAppOptions, withHippo, type AppOptions, type Hippo } from '../hippo.ts';
import { addOutputOption, printResult, type OutputForm } from '../output.ts';
import { print, say, warn, type Screen } from '../screen.ts';
import { connect } from '../server.ts';
import { printTable } from '../table.ts';
import { findRevision } from './channel.ts';

interface Options extends AppOptions {
  output: OutputForm;
}

export function configure(command: Command, screen: Screen): void {
  const add = command
    .command('add')
    .aliases(['new', 'create'])
    .description('make a version known to the apps of its bindle; channels with a rule follow')
    .argument('<storage-id>', 'name of the bindle; or name/version, or a version of the app alone')
    .argument('[version]');
  addOutputOption(addAppOptions(add)).action((first: string, version: string | undefined, options: Options) =>
    withHippo(screen, options, async (hippo) => {
      const revision = await readRevision(hippo, first, version);
      const { appStorageId, revisionNumber } = revision;
      await hippo.client.registerRevision(revision).catch((error: unknown) => {
        if (!(error instanceof HippoError) || error.code !== 'NOT_FOUND') throw error;
        throw new CommandError(`No app has the storage id "${appStorageId}".`, {
          hint: `Make one with \`hippo create NAME ${appStorageId}\`.`,
        });
      });
      printResult(screen, options.output, {
        id: revisionNumber,
        message: `Added ${revisionNumber}`,
        json: revision,
      });
      if (hippo.platform) await warnIfNotPushed(screen, hippo.platform.bindleUrl, revision);
    }),
  );

  const list = command
    .command('list')
    .aliases(['ls'])
    .description('list the revisions of an app, in the order in which they came')
    .option('--all', 'those of all apps');
  addOutputOption(addAppOptions(list), ['message', 'id', 'json']).action(
    (options: Options & { all?: boolean }) =>
      withHippo(screen, options, async (hippo) => {
        const apps = options.all ? await hippo.client.apps() : [await hippo.app()];
        const names = new Map(apps.map(({ id, name }) => [id, name]));
        const only = options.all ? {} : { appId: apps[0]?.id ?? '' };
        const revisions = (await hippo.client.revisions(only)).filter(({ appId }) => names.has(appId));
        if (options.output === 'json') return print(screen, JSON.stringify(revisions));
        if (options.output === 'id') return revisions.forEach(({ id }) => print(screen, id));
        if (revisions.length === 0) return say(screen, 'There is no revision yet: publish one.');
        printTable(
          screen,
          ['APP', 'REVISION', 'RUNS IN', 'ID'],
          revisions.map(({ id, appId, revisionNumber }) => [
            names.get(appId) ?? '',
            revisionNumber,
            (apps.find((app) => app.id === appId)?.channels ?? [])
              .filter(({ activeRevisionNumber }) => activeRevisionNumber === revisionNumber)
              .map(({ name }) => name)
              .join(', '),
            id,
          ]),
        );
      }),
  );

  const remove = command
    .command('remove')
    .aliases(['rm', 'delete'])
    .description('remove a revision; its bindle stays')
    .argument('<revision>', 'number or id');
  addOutputOption(addAppOptions(remove)).action((wanted: string, options: Options) =>
    withHippo(screen, options, async (hippo) => {
      const app = await hippo.app();
      const { id, revisionNumber } = await findRevision(hippo.client, app, wanted);
      await hippo.client.removeRevision(id);
      printResult(screen, options.output, {
        id,
        message: `Removed ${revisionNumber} of ${app.name}`,
        json: { id, revisionNumber, app: app.name },
      });
    }),
  );
}

/** A channel that follows a version whose bindle is not there answers nothing until it is. */
async function warnIfNotPushed(
  screen: Screen,
  bindleUrl: string,
  { appStorageId: name, revisionNumber: version }: { appStorageId: string; revisionNumber: string },
): Promise<void> {
  const bindle = await connect(screen, { server: bindleUrl });
  try {
    await bindle.getInvoice({ name, version }, { yanked: true });
  } catch (error) {
    if (error instanceof BindleError && (error.code === 'NOT_FOUND' || error.code === 'BAD_ID'))
      warn(
        screen,
        `Nobody has pushed ${name}/${version} yet: channels that follow it answer 503 until somebody does.`,
      );
  } finally {
    await bindle.close();
  }
}

/** `name version`, as the 0.14 CLI has it, `name/version`, or a version of the current app. */
async function readRevision(
  hippo: Hippo,
  first: string,
  version: string | undefined,
): Promise<{ appStorageId: string; revisionNumber: string }> {
  if (version !== undefined) return { appStorageId: first, revisionNumber: version };
  const id = parseId(first);
  if (id) return { appStorageId: id.name, revisionNumber: id.version };
  if (!/^\d/.test(first))
    throw new CommandError(`Which version of ${first}?`, {
      hint: 'Give it too, as in `hippo revision add example.com/shop 1.2.3`.',
      exitCode: EXIT.usage,
    });
  return { appStorageId: (await hippo.app()).storageId, revisionNumber: first };
}
