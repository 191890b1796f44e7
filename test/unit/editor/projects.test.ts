// Every HIPPOFACTS is an app; which one is meant is asked where more than one fits.

import { describe, expect, test } from 'vitest';
import { Projects } from '../../../src/editor/projects.ts';
import { CANCEL, FakeApp } from '../../support/fake-app.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const home = temporaryFolder();
const folder = (name: string) => ({ name, uri: `file:///work/${name}`, path: `/work/${name}` });

function world(files: string[], ...folders: string[]) {
  const app = new FakeApp(home);
  app.files = files;
  app.openFolders(...folders.map(folder));
  return { app, projects: new Projects(app) };
}

test('all are found, in every folder of the workspace and however they are spelt', async () => {
  const { projects } = world(
    [
      'file:///work/shop/HIPPOFACTS',
      'file:///work/shop/services/a%20b/hippofacts.toml',
      'file:///work/blog/Hippofacts',
      'file:///work/blog/other.toml',
    ],
    'blog',
    'shop',
  );
  expect(
    (await projects.all()).map(({ label, path, workspaceFolder }) => [label, path, workspaceFolder?.name]),
  ).toEqual([
    ['blog', '', 'blog'],
    ['shop', '', 'shop'],
    ['a b', 'services/a b', 'shop'],
  ]);
});

test('a folder of the workspace that lies in another one is the nearer', async () => {
  const { app, projects } = world([], 'shop');
  app.openFolders(folder('shop'), { name: 'api', uri: 'file:///work/shop/api', path: '/work/shop/api' });
  expect(projects.at('file:///work/shop/api/HIPPOFACTS').workspaceFolder?.name).toBe('api');
  expect(projects.at('file:///elsewhere/thing/HIPPOFACTS')).toMatchObject({
    label: 'thing',
    workspaceFolder: undefined,
  });
});

test('the project around a file is the nearest above it', async () => {
  const { projects } = world(['file:///work/shop/HIPPOFACTS', 'file:///work/shop/api/HIPPOFACTS'], 'shop');
  expect((await projects.around('file:///work/shop/api/src/main.rs'))?.label).toBe('api');
  expect((await projects.around('file:///work/shop/apis.txt'))?.label).toBe('shop');
  expect(await projects.around('file:///work/other.txt')).toBeUndefined();
});

describe('the one that is meant', () => {
  const two = ['file:///work/blog/HIPPOFACTS', 'file:///work/shop/HIPPOFACTS'];

  test('is the only one, without a question', async () => {
    const { app, projects } = world([two[0]!], 'blog');
    expect((await projects.choose('Publish')).label).toBe('blog');
    expect(app.asked).toEqual([]);
  });

  test('is picked where there are several, and offered first the next time', async () => {
    const { app, projects } = world(two, 'blog', 'shop');
    const offered: unknown[] = [];
    const pick = app.prompts.pick.bind(app.prompts);
    app.prompts.pick = (choices, options) => {
      offered.push((options.active as { label: string } | undefined)?.label);
      return pick(choices, options);
    };
    app.answer('shop', CANCEL);
    expect((await projects.choose('Publish')).label).toBe('shop');
    await expect(projects.choose('Publish')).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(offered).toEqual([undefined, 'shop']);
  });

  test('cannot be told without any', async () => {
    await expect(world([], 'blog').projects.choose('Publish')).rejects.toThrow('There is no HIPPOFACTS');
    await expect(world([]).projects.choose('Publish')).rejects.toThrow('No folder is open');
  });
});
