// What each table and key of a manifest is for, in the words that an editor shows. Markdown.

export interface Doc {
  /** One sentence. */
  readonly summary: string;
  /** What else should be known; a paragraph. */
  readonly more?: string;
  /** TOML. */
  readonly example: string;
}

/** By the path of the key, with dots. In the order in which people write them. */
const DOCS: Readonly<Record<string, Doc>> = {
  bindle: {
    summary: 'What the app is called and which version of it this is.',
    example: '[bindle]\nname = "example.com/birds"\nversion = "1.2.3"',
  },
  'bindle.name': {
    summary: 'The name of the bindle: the package that a publish makes.',
    more: 'Letters, digits, `-`, `_`, `.` and `/`. Hippo finds an app by this name, its _storage id_.',
    example: 'name = "example.com/birds"',
  },
  'bindle.version': {
    summary: 'The version of the bindle, as [Semantic Versioning](https://semver.org) has it.',
    more: 'What is published under a version stays as it is: the next publish needs another one. A development build appends who made it, and when.',
    example: 'version = "1.2.3"',
  },
  'bindle.description': {
    summary: 'What the app is, in a sentence.',
    example: 'description = "Pictures of birds"',
  },
  'bindle.authors': {
    summary: 'Who made it: names, with addresses if you like.',
    example: 'authors = ["Ana <ana@example.com>"]',
  },
  annotations: {
    summary: 'Texts under names of your own. They become part of the bindle, and Hippo leaves them alone.',
    example: '[annotations]\nteam = "web"',
  },
  'annotations.hippo_addons': {
    summary: 'The add-ons that the app needs: a publish offers to add those that its channel lacks.',
    more: '`offering[:plan] [as name]`, with commas between. `hippo addons list` lists what there is.',
    example: 'hippo_addons = "postgresql:small, redis as cache"',
  },
  handler: {
    summary: 'A WebAssembly module that answers the requests for a route, and the files that it can read.',
    more: 'There is one `[[handler]]` for each route. Its module is a file of the project (`name`), or comes out of another bindle (`external`).',
    example: '[[handler]]\nroute = "/"\nname = "build/birds.wasm"\nfiles = ["img/**/*.png"]',
  },
  'handler.route': {
    summary: 'The path that this handler answers.',
    more: '`/about` is that path alone; `/shop/...` is `/shop` and all below it. Of several routes that match, the first one in the file answers.',
    example: 'route = "/shop/..."',
  },
  'handler.name': {
    summary: 'The file of the module, relative to this file.',
    more: 'One file, never a pattern. A handler has either this or `external`.',
    example: 'name = "build/birds.wasm"',
  },
  'handler.entrypoint': {
    summary: 'The exported function that answers, where it is not `_start`.',
    example: 'entrypoint = "main"',
  },
  'handler.files': {
    summary: 'The files that the module can read: names and patterns, relative to this file.',
    more: '`*` and `?` stay in one folder, `**/` is any number of folders, `[abc]` is one of these characters. Hidden files match as any other, case counts, and `{a,b}` and `!x` have no special meaning.',
    example: 'files = ["img/**/*.png", "css/site.css"]',
  },
  'handler.external': {
    summary: 'A module out of another bindle, instead of `name`.',
    example: 'external = { bindleId = "deislabs/fileserver/1.0.3", handlerId = "static" }',
  },
  'handler.external.bindleId': {
    summary: 'The bindle that has the module: its name, a slash and its version.',
    example: 'external.bindleId = "deislabs/fileserver/1.0.3"',
  },
  'handler.external.handlerId': {
    summary: 'The `id` under which that bindle exports the module.',
    example: 'external.handlerId = "static"',
  },
  export: {
    summary: 'A WebAssembly module that other bindles may use as a handler of theirs.',
    example: '[[export]]\nid = "gallery"\nname = "build/gallery.wasm"',
  },
  'export.id': {
    summary: 'The name by which other bindles refer to this module: their `external.handlerId`.',
    example: 'id = "gallery"',
  },
  'export.name': {
    summary: 'The file of the module, relative to this file.',
    more: 'One file, never a pattern.',
    example: 'name = "build/gallery.wasm"',
  },
  'export.entrypoint': {
    summary: 'The exported function that answers, where it is not `_start`.',
    example: 'entrypoint = "main"',
  },
  'export.files': {
    summary:
      'The files that the module needs, wherever it is used: names and patterns, relative to this file.',
    more: '`*` and `?` stay in one folder, `**/` is any number of folders, `[abc]` is one of these characters.',
    example: 'files = ["cache/*.db"]',
  },
};

/** Undefined where a manifest has no such key. */
export function docOf(path: readonly string[]): Doc | undefined {
  const name = path.join('.');
  return Object.hasOwn(DOCS, name) ? DOCS[name] : undefined;
}

/** The keys of a table in the order in which people write them. */
export function keyOrder(path: readonly string[]): string[] {
  const prefix = path.map((part) => `${part}.`).join('');
  return Object.keys(DOCS)
    .filter((name) => name.startsWith(prefix) && !name.slice(prefix.length).includes('.'))
    .map((name) => name.slice(prefix.length));
}

/** As people read it: what it is for, what else there is to know, and an example. */
export function docMarkdown({ summary, more, example }: Doc): string {
  return [summary, ...(more === undefined ? [] : [more]), `\`\`\`toml\n${example}\n\`\`\``].join('\n\n');
}
