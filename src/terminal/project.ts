// Options of the commands that make a bindle of a project, and the making itself with its words to the user.

import { Option, type Command } from 'commander';
import type { BindleClient } from '../bindle/client.ts';
import { formatId } from '../bindle/id.ts';
import type { Invoice } from '../bindle/invoice.ts';
import { signInvoice, type SigningKey } from '../bindle/signing.ts';
import type { Problem } from '../hippofacts/problem.ts';
import { creatorKey } from '../publish/creator-key.ts';
import { makeBindle, type MadeBindle, type MakeOptions } from '../publish/make-bindle.ts';
import { parseVersioning, publisher } from '../publish/version.ts';
import { findPlaces } from '../session/places.ts';
import { AlreadySaid, EXIT } from './failure.ts';
import { annotation, COLOURS, problemLine, sentence } from './problems.ts';
import { count, paint, say, visible, warn, type Screen } from './screen.ts';

export interface ProjectOptions {
  invoiceVersion: string;
  externalUrl?: string;
  allow: string[];
  cache: boolean;
  sign: boolean;
}

export function addVersionOption(command: Command): Command {
  return command.addOption(
    new Option(
      '-v, --invoice-version <mode>',
      'dev: a version of its own for each build; production: as written',
    )
      .choices(['dev', 'development', 'prod', 'production'])
      .default('dev'),
  );
}

export function allowOption(): Option {
  return new Option('--allow <file>', 'publish this file although it looks like a secret (repeatable)')
    .argParser(collectValues)
    .default([], 'none');
}

export function addProjectOptions(command: Command): Command {
  return addVersionOption(command)
    .argument('[path]', 'a project (folder or HIPPOFACTS) or a .wasm file', '.')
    .option(
      '--external-url <url>',
      'where bindles that the project refers to are found (default: the server)',
    )
    .addOption(allowOption())
    .option('--no-cache', 'hash every file anew')
    .option('--no-sign', 'leave the invoice unsigned: servers of 0.9 and later refuse it');
}

export interface Made extends MadeBindle {
  /** Signed, unless that was declined. */
  invoice: Invoice;
  /** The key it is signed with. */
  key: SigningKey | undefined;
}

/**
 * Makes the bindle of a project, says what is wrong with it, and signs it.
 * @throws AlreadySaid if the project needs work
 */
export async function makeProject(
  screen: Screen,
  path: string,
  options: ProjectOptions,
  external: BindleClient | undefined,
  signal: AbortSignal,
): Promise<Made> {
  const wish = projectWish(screen, path, options, external);
  const made = await makeBindle({ ...wish, now: new Date(), signal });
  try {
    sayProblems(screen, made.file, made.problems);
    if (made.lookupFailure) throw made.lookupFailure;
    if (!made.invoice) throw new AlreadySaid(EXIT.project);
    const key = options.sign ? await signingKey(screen, wish.user) : undefined;
    const { invoice } = made;
    return {
      ...made,
      invoice: key ? signInvoice(invoice, key, 'creator', Math.floor(Date.now() / 1000)) : invoice,
      key,
    };
  } catch (error) {
    await made.close();
    throw error;
  }
}

/** What the options say of a project. */
export function projectWish(
  screen: Screen,
  path: string,
  options: ProjectOptions,
  external: BindleClient | undefined,
): Omit<MakeOptions, 'now' | 'text' | 'signal'> {
  return {
    path,
    versioning: parseVersioning(options.invoiceVersion) ?? 'dev',
    user: publisher(screen.env),
    allow: options.allow,
    ...(external ? { external } : {}),
    ...(options.cache ? { cacheFolder: findPlaces(screen.env).hashCache } : {}),
  };
}

/** A line for each problem, then how many there are; marks in the file view of GitHub, too. */
export function sayProblems(screen: Screen, file: string, problems: readonly Problem[]): void {
  for (const problem of problems) {
    if (problem.severity === 'information') {
      say(screen, visible(sentence(problem.message)));
      continue;
    }
    say(screen, paint(screen, COLOURS[problem.severity], problemLine(screen, file, problem)));
    if (screen.env['GITHUB_ACTIONS'] === 'true') say(screen, annotation(screen, file, problem));
  }
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (errors > 0) say(screen, `${count(errors, 'error')}: nothing was made or sent.`);
}

export async function signingKey(screen: Screen, label: string): Promise<SigningKey> {
  const places = findPlaces(screen.env);
  const { secretKeys } = places;
  const { key, created, exposed } = await creatorKey(places, label);
  if (created) say(screen, `Made a key to sign with, "${key.label}", in ${secretKeys}.`);
  if (exposed) warn(screen, `Others can read your private keys: run \`chmod 600 ${secretKeys}\`.`);
  return key;
}

/** What `-o json` says of a bindle. */
export function bindleJson(invoice: Invoice): Record<string, unknown> {
  const parcels = invoice.parcel ?? [];
  return {
    id: formatId(invoice.bindle),
    name: invoice.bindle.name,
    version: invoice.bindle.version,
    parcels: parcels.length,
    bytes: parcels.reduce((sum, { label }) => sum + label.size, 0),
  };
}

/** Of an option that may be given again. */
export function collectValues(value: string, before: string[]): string[] {
  return [...before, value];
}
