// What the key, file, pattern, route or version at a place means, in this project and on its server.

import type { KnownChannel, ProjectFacts } from '../facts.ts';
import type { Manifest } from '../parse.ts';
import type { Range } from '../position.ts';
import type { Problem } from '../problem.ts';
import { routeProblems } from '../route-problems.ts';
import { routePrefix } from '../routes.ts';
import { docMarkdown, docOf } from '../schema-docs.ts';
import { listOf } from '../text.ts';
import { channelAddress } from './addresses.ts';
import { moduleText, patternText } from './describe.ts';
import { code, escapeMarkdown, link } from './markdown.ts';
import { nodeAt, type Node } from './node-at.ts';

export interface Hover {
  readonly range: Range;
  /** Markdown; links to files and to the web. */
  readonly markdown: string;
}

export interface HoverOptions {
  /** The version that a range rule picks (hippo/rules.ts); without it, rules are shown and not followed. */
  readonly select?: (rule: string, versions: readonly string[]) => string | undefined;
  /** The version of a development build, had it been made now (publish/version.ts); without it, none is looked at. */
  readonly buildOf?: (version: string) => string;
  readonly signal?: AbortSignal;
}

interface Asked {
  readonly manifest: Manifest;
  readonly node: Node;
  readonly text: string;
  readonly facts: ProjectFacts;
  readonly options: HoverOptions;
}

type Describe = (asked: Asked) => Promise<string | undefined>;

/** For texts, by the path of their key. What is not here, or has nothing to say, shows what its key means. */
const TEXTS: Readonly<Record<string, Describe>> = {
  'bindle.name': bindleText,
  'bindle.version': versionText,
  'handler.route': routeText,
  'handler.name': nameText,
  'handler.files': async ({ text, facts, options }) => patternText(await facts.pattern(text, options.signal)),
  'handler.entrypoint': entrypointText,
  'handler.external.bindleId': externalText,
  'handler.external.handlerId': handlerText,
  'export.name': nameText,
  'export.files': async ({ text, facts, options }) => patternText(await facts.pattern(text, options.signal)),
  'export.entrypoint': entrypointText,
};

/** Undefined where there is nothing to say. @throws the signal's reason */
export async function hover(
  manifest: Manifest,
  offset: number,
  facts: ProjectFacts,
  options: HoverOptions = {},
): Promise<Hover | undefined> {
  const node = nodeAt(manifest, offset);
  if (!node) return undefined;
  const name = node.path.join('.');
  const describe = node.text !== undefined && Object.hasOwn(TEXTS, name) ? TEXTS[name] : undefined;
  const doc = docOf(node.path);
  const markdown =
    (await describe?.({ manifest, node, text: node.text ?? '', facts, options })) ??
    (doc && docMarkdown(doc));
  return markdown === undefined ? undefined : { range: node.range, markdown };
}

async function bindleText({ text, facts: { server } }: Asked): Promise<string | undefined> {
  const channels = await server?.channels(text);
  const doc = docOf(['bindle', 'name']);
  if (!server || !channels || !doc) return undefined;
  const lines =
    channels.length === 0
      ? [`No app of ${code(server.origin)} has this storage id yet.`]
      : [`On ${code(server.origin)}:`, channels.map((channel) => `- ${channelLine(channel)}`).join('\n')];
  return [docMarkdown(doc), ...lines].join('\n\n');
}

function channelLine({ app, channel, runs, address }: KnownChannel): string {
  const name = `${escapeMarkdown(app)}, channel ${escapeMarkdown(channel)}`;
  const version = runs === undefined ? 'runs nothing' : `runs ${code(runs)}`;
  return `${name}: ${version}${address === undefined ? '' : ` at ${link(address, address)}`}`;
}

async function versionText({
  text,
  manifest,
  facts: { server },
  options,
}: Asked): Promise<string | undefined> {
  const doc = docOf(['bindle', 'version']);
  const name = manifest.bindle?.name?.value;
  if (!server || name === undefined || !doc) return undefined;
  const [channels, versions] = await Promise.all([server.channels(name), server.versions(name)]);
  if (!channels && !versions) return undefined;
  const taken = versions?.includes(text)
    ? [
        `${code(text)} is on ${code(server.origin)} already: what is published under a version stays as it is.`,
      ]
    : [];
  return [docMarkdown(doc), ...taken, ...reachLines(text, channels ?? [], versions ?? [], options)].join(
    '\n\n',
  );
}

/** Which channels take a version, or a build of it, as soon as that is published, and which do not. */
function reachLines(
  version: string,
  channels: readonly KnownChannel[],
  versions: readonly string[],
  { select, buildOf }: HoverOptions,
): string[] {
  if (channels.length === 0) return [];
  const build = buildOf?.(version);
  const lines = channels.map(({ app, channel, rule, runs }) => {
    const name = `${escapeMarkdown(app)}, channel ${escapeMarkdown(channel)}`;
    if (rule === undefined) return `- ${name}: pinned${runs === undefined ? '' : ` to ${code(runs)}`}`;
    if (!select) return `- ${name}: follows ${code(rule)}`;
    const pickedWith = (added: string): string | undefined =>
      tryTo(() => select(rule, [...versions.filter((other) => other !== added), added]));
    const picked = pickedWith(version);
    if (picked === version) return `- ${name}: **takes it** (${code(rule)})`;
    if (build !== undefined && pickedWith(build) === build)
      return `- ${name}: takes your development builds of it (${code(rule)})`;
    return `- ${name}: ${picked === undefined ? 'takes nothing' : `stays at ${code(picked)}`} (${code(rule)})`;
  });
  return [`When ${code(version)} is published:`, lines.join('\n')];
}

/** A rule of a server that we cannot read picks nothing that we know of. */
function tryTo<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

async function routeText({ text, node, manifest, facts: { server } }: Asked): Promise<string | undefined> {
  // That it never answers is told as a problem; where it goes would say something else.
  const isHere = ({ range }: Problem): boolean => range.start.offset === node.range.start.offset;
  if (routeProblems(manifest).some((problem) => problem.code !== 'route-wildcard' && isHere(problem)))
    return undefined;
  const name = manifest.bindle?.name?.value;
  const channels = name === undefined ? undefined : await server?.channels(name);
  const addresses = (channels ?? []).flatMap((channel) => {
    const address = channelAddress(channel, text);
    return address === undefined
      ? []
      : [
          `- ${link(address, address)} (${escapeMarkdown(channel.app)}, channel ${escapeMarkdown(channel.channel)})`,
        ];
  });
  return [routeMeaning(text), ...(addresses.length > 0 ? [addresses.join('\n')] : [])].join('\n\n');
}

function routeMeaning(route: string): string {
  if (!route.startsWith('/')) return `No request has this path: a route begins with ${code('/')}.`;
  const prefix = routePrefix(route);
  if (prefix === route)
    return `Answers ${code(route)} alone. ${code(`${route.replace(/\/$/, '')}/...`)} would answer all below it, too.`;
  if (prefix === '') return `Answers every path that no route above it takes.`;
  return `Answers ${code(prefix)} and all below it, such as ${code(`${prefix}/a`)} and ${code(`${prefix}/a/b`)}, but not ${code(`${prefix}s`)}.`;
}

/** That it is not there is told as a problem. */
async function nameText({ text, facts, options }: Asked): Promise<string | undefined> {
  const module = await facts.module(text, options.signal);
  return module.found ? moduleText(module) : undefined;
}

async function entrypointText({ text, node, facts, options }: Asked): Promise<string | undefined> {
  const name = node.entry?.name?.value;
  const module = name === undefined ? undefined : await facts.module(name, options.signal);
  if (!module?.found || module.wasm?.kind !== 'module') return undefined;
  const functions = module.wasm.exports.filter(({ kind }) => kind === 'function').map((item) => item.name);
  const whole = moduleText(module);
  return functions.includes(text)
    ? whole
    : `${code(text)} is no function that this module exports.\n\n${whole}`;
}

async function externalText({ text, facts: { server } }: Asked): Promise<string | undefined> {
  const bindle = await server?.bindle(text);
  if (!server || bindle === undefined) return undefined;
  const id = code(text);
  if (bindle === 'none') return `${id} is not on ${code(server.origin)}.`;
  const handlers = bindle.handlers.map((one) => code(one.id));
  const exported = handlers.length === 0 ? 'It exports no module.' : `It exports ${listOf(handlers)}.`;
  const yanked = bindle.yanked ? [`It was yanked: nothing new should use it.`] : [];
  return [`${id} is on ${code(server.origin)}. ${exported}`, ...yanked].join('\n\n');
}

async function handlerText({ text, node, facts: { server } }: Asked): Promise<string | undefined> {
  const id = node.entry?.kind === 'handler' ? node.entry.external?.value?.bindleId?.value : undefined;
  const bindle = id === undefined ? undefined : await server?.bindle(id);
  if (id === undefined || bindle === undefined || bindle === 'none') return undefined;
  const handler = bindle.handlers.find((one) => one.id === text);
  if (!handler) return `${code(id)} exports no ${code(text)}.`;
  const entrypoint =
    handler.entrypoint === undefined ? '' : ` and runs its function ${code(handler.entrypoint)}`;
  return `${code(text)} is a module of ${code(id)}${entrypoint}.`;
}
