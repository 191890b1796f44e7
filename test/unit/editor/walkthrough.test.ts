// The walkthrough: its steps can be completed, and its pictures have the theme's colours.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { COMMANDS, CONTEXT_KEYS, WALKTHROUGH } from '../../../src/editor/ids.ts';

interface Step {
  id: string;
  title: string;
  description: string;
  media: { svg: string; altText: string };
  completionEvents: string[];
  when?: string;
}

const read = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
const nls = JSON.parse(read('package.nls.json')) as Record<string, string>;
const { contributes } = JSON.parse(read('package.json')) as {
  contributes: { walkthroughs: { id: string; steps: Step[]; when?: string }[] };
};
const [walkthrough] = contributes.walkthroughs;
const steps = walkthrough?.steps ?? [];

test('there is one, of few steps, always shown', () => {
  expect(contributes.walkthroughs.map(({ id, when }) => [id, when])).toEqual([[WALKTHROUGH, undefined]]);
  expect(steps.map(({ id, when }) => [id, when])).toEqual([
    ['start', undefined],
    ['app', undefined],
    ['publish', undefined],
    ['open', undefined],
  ]);
});

describe.each(steps)('$id', ({ id, description, media, completionEvents, title }) => {
  test('is completed by what the code says, also if that was before it was opened', () => {
    expect(completionEvents).toEqual([expect.anything(), `onContext:hippo.walkthrough.${id}`]);
    for (const event of completionEvents) {
      const [, key = ''] = /^onContext:([\w.]+)( == \w+)?$/.exec(event) ?? [];
      expect(Object.keys(CONTEXT_KEYS)).toContain(key);
    }
  });

  test('has one button, which does what the step is about', () => {
    const lines = (nls[description.slice(1, -1)] ?? '').split('\n');
    const buttons = lines.filter((line) => /^\[[^\]]+\]\(command:hippo\.[^)]+\)$/.test(line));
    expect(buttons).toHaveLength(1);
    const [, command = ''] = /\(command:([\w.]+)/.exec(buttons[0] ?? '') ?? [];
    expect(Object.keys(COMMANDS)).toContain(command);
    expect(nls[title.slice(1, -1)]).toMatch(/^(Start|Make|Publish|Open) /);
  });

  test('has a picture in the colours of the theme, described for those who do not see it', () => {
    expect(nls[media.altText.slice(1, -1)]).toMatch(/\.$/);
    const svg = read(media.svg);
    expect(svg.length).toBeLessThan(5_000);
    expect(svg).not.toMatch(
      /#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(|<(image|script|foreignObject)|url\(|href=/i,
    );
    const colours = [...svg.matchAll(/(?:fill|stroke)(?:=|: ?)"?([^;">]+)/g)].map(([, colour]) => colour);
    expect(colours.length).toBeGreaterThan(3);
    for (const colour of colours) expect(colour).toMatch(/^(none|var\(--vscode-[\w-]+\))$/);
  });
});
