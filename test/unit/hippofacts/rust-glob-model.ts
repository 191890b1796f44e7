// What Rust's glob 0.3.0 matches, as plainly as it can be said: no files are read, nothing is fast.

/** A folder's entries by name; a text is a file. */
export interface Tree {
  [name: string]: Tree | string;
}

/** Whether the pattern is one at all: component by component, as regular expressions say it. */
export function isPattern(pattern: string): boolean {
  return pattern
    .split('/')
    .every((part) => part === '**' || /^(?:\?|\*(?!\*)|\[![^][^\]]*\]|\[[^!][^\]]*\]|[^?*[])*$/su.test(part));
}

/**
 * The names of all files that match, relative to the tree, in any order. The tree is the one entry, `project`, of
 * a folder that `..` leads to; above that there is nothing.
 */
export function rustGlob(tree: Tree, pattern: string): Set<string> {
  const parts = pattern.split('/');
  // A pattern that ends in a slash matches folders only.
  const foldersOnly = parts.at(-1) === '';
  if (foldersOnly) parts.pop();
  const found = new Set<string>();
  match({ project: tree }, ['project'], parts, found);
  return foldersOnly ? new Set() : new Set([...found].map((name) => name.slice('project/'.length)));
}

function at(tree: Tree, path: readonly string[]): Tree | string | undefined {
  let place: Tree | string | undefined = tree;
  for (const name of path) {
    if (place === undefined || typeof place === 'string') return undefined;
    place = Object.hasOwn(place, name) ? place[name] : undefined;
  }
  return place;
}

/** `folder` is where the first of the parts is looked for. */
function match(tree: Tree, folder: readonly string[], parts: readonly string[], found: Set<string>): void {
  const [part, ...rest] = parts;
  const place = at(tree, folder);
  if (part === undefined || place === undefined || typeof place === 'string') return;
  const goOn = (path: readonly string[]): void => {
    if (rest.length > 0) match(tree, path, rest, found);
    else if (typeof at(tree, path) === 'string') found.add(path.join('/'));
  };

  if (part === '**') {
    // The next part that is no `**` is compared with every name below, never looked up: `**/.` matches nothing.
    const next = rest.findIndex((other) => other !== '**');
    if (next === -1) return;
    const [name = '', ...after] = rest.slice(next);
    for (const path of allBelow(tree, folder)) {
      if (!matchesName([...name], [...path.at(-1)])) continue;
      if (after.length > 0) match(tree, path, after, found);
      else if (typeof at(tree, path) === 'string') found.add(path.join('/'));
    }
    return;
  }
  if (!/[?*[]/.test(part)) {
    if (part === '' || part === '.') goOn(folder);
    else if (part === '..') goOn(parent(folder));
    else if (at(tree, [...folder, part]) !== undefined) goOn([...folder, part]);
    return;
  }
  for (const name of Object.keys(place)) if (matchesName([...part], [...name])) goOn([...folder, name]);
  // Only a pattern that starts with a dot matches the two special names.
  if (part.startsWith('.') && matchesName([...part], ['.'])) goOn(folder);
  if (part.startsWith('.') && matchesName([...part], ['.', '.'])) goOn(parent(folder));
}

/** Above the top is a folder that is not in the tree. */
function parent(folder: readonly string[]): string[] {
  return folder.length === 0 ? ['..'] : folder.slice(0, -1);
}

function allBelow(tree: Tree, folder: readonly string[]): string[][] {
  const place = at(tree, folder);
  if (place === undefined || typeof place === 'string') return [];
  return Object.keys(place).flatMap((name) => {
    const path = [...folder, name];
    return [path, ...allBelow(tree, path)];
  });
}

function matchesName(pattern: readonly string[], name: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return name.length === 0;
  if (first === '*')
    return name.some((_, index) => matchesName(rest, name.slice(index))) || matchesName(rest, []);
  if (name.length === 0) return false;
  if (first === '?') return matchesName(rest, name.slice(1));
  if (first === '[') {
    const start = rest[0] === '!' ? 1 : 0;
    const end = rest.indexOf(']', start + 1);
    return (
      isIn(rest.slice(start, end), name[0]!) === (start === 0) &&
      matchesName(rest.slice(end + 1), name.slice(1))
    );
  }
  return first === name[0] && matchesName(rest, name.slice(1));
}

function isIn(set: readonly string[], char: string): boolean {
  const [from, dash, to] = set;
  if (from === undefined) return false;
  const code = (text: string): number => text.codePointAt(0)!;
  if (dash === '-' && to !== undefined)
    return (code(from) <= code(char) && code(char) <= code(to)) || isIn(set.slice(3), char);
  return from === char || isIn(set.slice(1), char);
}
