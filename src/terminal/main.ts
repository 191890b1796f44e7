// Finds the command that was asked for, runs it, and turns what it throws into a sentence and an exit code.

import { Command } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { AlreadySaid, EXIT, report } from './failure.ts';
import { processScreen, type Screen } from './screen.ts';

export interface CommandModule {
  /** Adds arguments, options and the action to a command that has its name and summary already. */
  configure(command: Command, screen: Screen): void;
}

interface Entry {
  summary: string;
  aliases?: string[];
  load: () => Promise<CommandModule>;
}

/** In the order of the help. Only the module of the command that is called is loaded. */
const COMMANDS: Record<string, Entry> = {
  new: {
    summary: 'write a HIPPOFACTS that fits what is in a folder, or a new app (--template)',
    load: () => import('./commands/new.ts'),
  },
  check: {
    summary: 'say what is wrong with a HIPPOFACTS and its files, without building or sending',
    load: () => import('./commands/check.ts'),
  },
  publish: {
    summary: 'build, push and release a project, and wait until it answers',
    load: () => import('./commands/publish.ts'),
  },
  push: {
    summary: 'the same as the original hippo has it: push a project and register it',
    aliases: ['ship'],
    load: () => import('./commands/publish.ts'),
  },
  release: {
    summary: 'make a revision of a bindle that is on the server already',
    load: () => import('./commands/release.ts'),
  },
  prepare: {
    summary: 'make the bindle of a project and write it to a folder',
    load: () => import('./commands/prepare.ts'),
  },
  bindle: {
    summary: 'make the bindle of a project and push it to a Bindle server',
    load: () => import('./commands/bindle.ts'),
  },
  search: { summary: 'list the bindles on a server', load: () => import('./commands/search.ts') },
  info: { summary: 'show what is in a bindle', load: () => import('./commands/info.ts') },
  diff: {
    summary: 'list the files that differ between two versions',
    load: () => import('./commands/diff.ts'),
  },
  pull: { summary: 'download a bindle and check it', load: () => import('./commands/pull.ts') },
  yank: {
    summary: 'withdraw a bindle: it stays listed but can no longer be used',
    load: () => import('./commands/yank.ts'),
  },
  key: {
    summary: 'the keys that sign bindles, and those that are trusted',
    aliases: ['keys'],
    load: () => import('./commands/key.ts'),
  },
  create: {
    summary: 'make an app (the same as `hippo app add`)',
    load: () => import('./commands/create.ts'),
  },
  app: { summary: 'apps', aliases: ['apps', 'a'], load: () => import('./commands/app.ts') },
  channel: {
    summary: 'the places that an app is served from, and their logs',
    aliases: ['channels', 'c'],
    load: () => import('./commands/channel.ts'),
  },
  revision: {
    summary: 'the versions that a Hippo knows of an app',
    aliases: ['revisions', 'r'],
    load: () => import('./commands/revision.ts'),
  },
  env: {
    summary: 'the environment variables of a channel',
    aliases: ['e', 'envvar', 'envvars', 'environmentvariable', 'environmentvariables'],
    load: () => import('./commands/env.ts'),
  },
  addons: {
    summary: 'databases and other services for apps, and what they cost',
    aliases: ['addon'],
    load: () => import('./commands/addons.ts'),
  },
  rollback: {
    summary: 'let a channel run an earlier revision again',
    load: () => import('./commands/rollback.ts'),
  },
  start: { summary: 'let a stopped channel run again', load: () => import('./commands/start.ts') },
  stop: { summary: 'stop a channel', load: () => import('./commands/stop.ts') },
  open: { summary: "a channel's page in the browser", load: () => import('./commands/open.ts') },
  status: {
    summary: 'which Hippo, who, which app, and how it is',
    load: () => import('./commands/status.ts'),
  },
  use: {
    summary: 'choose the app and channel that commands in this folder are about',
    load: () => import('./commands/use.ts'),
  },
  certificate: {
    summary: 'TLS certificates for channels',
    aliases: ['certificates', 'cert', 'certs'],
    load: () => import('./commands/certificate.ts'),
  },
  team: {
    summary: 'who owns apps and bindle names together',
    aliases: ['teams'],
    load: () => import('./commands/team.ts'),
  },
  token: {
    summary: 'deploy tokens for CI',
    aliases: ['tokens'],
    load: () => import('./commands/token.ts'),
  },
  login: { summary: 'sign in to a Hippo', load: () => import('./commands/login.ts') },
  logout: { summary: 'sign out, and forget tokens and password', load: () => import('./commands/logout.ts') },
  whoami: { summary: 'the account that commands act for', load: () => import('./commands/whoami.ts') },
  register: { summary: 'make an account', load: () => import('./commands/register.ts') },
  connection: {
    summary: 'Hippos by name, and which of them commands talk to',
    aliases: ['connections'],
    load: () => import('./commands/connection.ts'),
  },
  platform: { summary: 'the local Hippo on this machine', load: () => import('./commands/platform.ts') },
  broker: {
    summary: 'the service brokers that ship with it, to be run alone',
    load: () => import('./commands/broker.ts'),
  },
};

/** @returns the exit code (see EXIT) */
export async function run(argv: readonly string[], screen: Screen = processScreen()): Promise<number> {
  const program = new Command('hippo')
    .description('Publish WebAssembly apps to a Hippo, with the files that belong to them.')
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .addHelpText(
      'after',
      `\nExit codes: ${EXIT.ok} done, ${EXIT.failed} failed, ${EXIT.usage} wrong usage, ${EXIT.project} the project needs work, ` +
        `${EXIT.server} the server,\n${EXIT.denied} access denied, ${EXIT.cancelled} cancelled.`,
    )
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => screen.stdout.write(text),
      writeErr: (text) => screen.stderr.write(text),
    });
  const words = argv.filter((word) => !word.startsWith('-'));
  const wanted = words[0] === 'help' ? words[1] : words[0];
  try {
    for (const [name, entry] of Object.entries(COMMANDS)) {
      const command = program
        .command(name)
        .description(entry.summary)
        .aliases(entry.aliases ?? [])
        .copyInheritedSettings(program);
      if (wanted === name || entry.aliases?.includes(wanted ?? ''))
        (await entry.load()).configure(command, screen);
    }
    if (argv.length === 0) {
      program.outputHelp({ error: true });
      throw new AlreadySaid(EXIT.usage);
    }
    await program.parseAsync(argv, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    return report(screen, error);
  }
}
