// package.json and the ids in the code say the same, and package.json keeps to VS Code's guidelines.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  COMMANDS,
  CONTEXT_KEYS,
  SETTINGS,
  VIEW_CONTAINERS,
  VIEWS,
  type CommandId,
} from '../../../src/editor/ids.ts';
import { SPELLINGS } from '../../../src/hippofacts/find.ts';
import { PROBLEM_CODES } from '../../../src/hippofacts/problem-codes.ts';
import { SEVERITY_WISHES } from '../../../src/hippofacts/severities.ts';

interface Command {
  command: string;
  title: string;
  category?: string;
}
interface MenuItem {
  command?: string;
  submenu?: string;
  when?: string;
  group?: string;
}
interface Property {
  default?: unknown;
  description?: string;
  markdownDescription?: string;
  scope?: string;
  propertyNames?: { enum: string[] };
  additionalProperties?: { enum: string[] };
}
interface Manifest {
  activationEvents: string[];
  capabilities: { untrustedWorkspaces: { supported: unknown; restrictedConfigurations: string[] } };
  contributes: {
    commands: Command[];
    menus?: Record<string, MenuItem[]>;
    keybindings?: { command: string; when?: string }[];
    configuration: { properties: Record<string, Property> }[];
    languages: { id: string; filenames: string[] }[];
    views?: Record<string, { id: string; icon?: string; when?: string }[]>;
    viewsContainers?: Record<string, { id: string }[]>;
    viewsWelcome?: { view: string; contents: string; when?: string }[];
  };
}

const read = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
const text = read('package.json');
const manifest = JSON.parse(text) as Manifest;
const nls = JSON.parse(read('package.nls.json')) as Record<string, string>;
const { contributes } = manifest;
const { menus = {}, keybindings = [], views = {}, viewsContainers = {}, viewsWelcome = [] } = contributes;
const settings = Object.assign(
  {},
  ...contributes.configuration.map(({ properties }) => properties),
) as Record<string, Property>;
const contributed = contributes.commands.map(({ command }) => command);
const wherePeopleMeet = (id: string): string => COMMANDS[id as CommandId];
const sorted = (texts: Iterable<string>): string[] => [...texts].sort();

describe('commands', () => {
  test('are in package.json if people meet them, and only then', () => {
    expect(sorted(contributed)).toEqual(
      sorted(Object.keys(COMMANDS).filter((id) => wherePeopleMeet(id) !== 'code')),
    );
  });

  test('that need what a menu passes are hidden from the palette, and no others', () => {
    const hidden = (menus['commandPalette'] ?? [])
      .filter(({ when }) => when === 'false')
      .map(({ command }) => command ?? '');
    expect(sorted(hidden)).toEqual(sorted(contributed.filter((id) => wherePeopleMeet(id) === 'menu')));
  });

  test('that menus, keys and links use exist', () => {
    const used = [
      ...Object.values(menus).flatMap((items) => items.map(({ command }) => command)),
      ...keybindings.map(({ command }) => command),
      ...[
        ...Object.values(nls)
          .join('\n')
          .matchAll(/\(command:(hippo[\w.]+)/g),
      ].map(([, id]) => id),
    ].filter((id) => id !== undefined);
    expect(used.filter((id) => id.startsWith('hippo') && !(id in COMMANDS))).toEqual([]);
  });

  test('share one category and have plain titles', () => {
    for (const { title, category } of contributes.commands) {
      expect(category).toBe('Hippo');
      expect(resolve(title)).toMatch(/^[A-Z][\p{L}\p{N} .'’&-]*…?$/u);
    }
  });
});

describe('settings', () => {
  test('are the same, with the same defaults', () => {
    const defaults = Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, value.default]));
    expect(defaults).toEqual(SETTINGS);
  });

  test('have a description and a scope', () => {
    for (const { description, markdownDescription, scope } of Object.values(settings)) {
      expect(resolve(markdownDescription ?? description ?? '')).toMatch(/\.$/);
      expect(scope).toBeDefined();
    }
  });

  test('that name servers or commands are not taken from a workspace that is not trusted', () => {
    const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    expect(supported).toBe('limited');
    const delicate = Object.keys(settings).filter((key) => /connection|command|task|url|path/i.test(key));
    expect(restrictedConfigurations).toEqual(expect.arrayContaining(delicate));
    expect(restrictedConfigurations.filter((key) => !(key in settings))).toEqual([]);
  });
});

test('views and their containers are the same', () => {
  const ids = Object.values(views).flatMap((some) => some.map(({ id }) => id));
  expect(sorted(ids)).toEqual(sorted(Object.values(VIEWS)));
  const containers = Object.values(viewsContainers).flatMap((some) => some.map(({ id }) => id));
  expect(sorted(containers)).toEqual(sorted(Object.values(VIEW_CONTAINERS)));
  expect(viewsWelcome.filter(({ view }) => !ids.includes(view))).toEqual([]);
});

test('context keys in conditions are set by the code', () => {
  const conditions = [
    ...Object.values(menus).flat(),
    ...Object.values(views).flat(),
    ...viewsWelcome,
    ...keybindings,
  ].map(({ when }) => when ?? '');
  const used = conditions.flatMap((when) =>
    [...when.matchAll(/(?<![\w.'"/])hippo\.[\w.]+/g)].map(([key]) => key),
  );
  const known = [...Object.keys(CONTEXT_KEYS), ...Object.values<string>(VIEWS)];
  expect(used.filter((key) => !known.includes(key))).toEqual([]);
});

test('the extension is activated by a HIPPOFACTS, however it is spelt, in the root and one level below', () => {
  expect(sorted(manifest.activationEvents.filter((event) => event.startsWith('workspaceContains:')))).toEqual(
    sorted(SPELLINGS.flatMap((name) => [`workspaceContains:${name}`, `workspaceContains:*/${name}`])),
  );
  expect(manifest.activationEvents).not.toContain('*');
  expect(manifest.activationEvents).not.toContain('onStartupFinished');
});

test('HIPPOFACTS is a language, however it is spelt, and each of its problems can be told as another level', () => {
  expect(contributes.languages).toMatchObject([{ id: 'hippofacts', filenames: SPELLINGS }]);
  const { propertyNames, additionalProperties } = settings['hippo.language.severity'] ?? {};
  expect(propertyNames?.enum).toEqual(Object.keys(PROBLEM_CODES));
  expect(additionalProperties?.enum).toEqual(SEVERITY_WISHES);
});

test('every text is in package.nls.json, and none is there for nothing', () => {
  const used = [...text.matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key ?? '');
  expect(sorted(new Set(used))).toEqual(sorted(Object.keys(nls)));
  const plain = [
    ...text.matchAll(/"(title|description|markdownDescription|contents|label)": "(?!%)([^"]+)"/g),
  ];
  expect(plain.map(([found]) => found).filter((found) => found !== '"title": "Hippo"')).toEqual([]);
});

/** What people read. */
function resolve(value: string): string {
  return value.startsWith('%') ? (nls[value.slice(1, -1)] ?? '') : value;
}
