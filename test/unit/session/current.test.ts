// Which app and channel are meant, from what little is said.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AppItem, ChannelItem } from '../../../src/hippo/api.ts';
import { currentApp, currentChannel, storageIdOf, type AppSource } from '../../../src/session/current.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

function app(n: number, name: string, storageId: string, channels: string[] = []): AppItem {
  return {
    id: id(n),
    name,
    storageId,
    description: null,
    channels: channels.map((channel, i) => ({
      id: id(n * 100 + i),
      name: channel,
      activeRevisionNumber: null,
    })),
  };
}

function source(...apps: AppItem[]): AppSource {
  return {
    apps: async () => apps,
    channel: async (wanted) => {
      for (const { channels, id: appId } of apps)
        for (const { id, name } of channels) if (id === wanted) return { id, name, appId } as ChannelItem;
      throw new Error('no such channel');
    },
  };
}

const shop = app(1, 'shop', 'example.com/shop', ['production', 'dev']);
const blog = app(2, 'blog', 'example.com/blog', ['production']);
const both = source(shop, blog);
const choice = { app: { id: shop.id, name: 'shop' }, channel: { id: shop.channels[1]!.id, name: 'dev' } };

describe('an app', () => {
  test('is the one that is asked for, by name or id, whatever else is known', async () => {
    const wish = { choice, storageId: 'example.com/shop' };
    expect((await currentApp(both, { ...wish, app: 'blog' })).name).toBe('blog');
    expect((await currentApp(both, { ...wish, app: blog.id.toUpperCase() })).name).toBe('blog');
  });

  test('that is asked for and is not there is an error which lists those that are', async () => {
    await expect(currentApp(both, { app: 'sohp', choice })).rejects.toMatchObject({
      code: 'NO_SUCH_APP',
      hint: expect.stringContaining('shop, blog'),
    });
  });

  test('is the chosen one, else that of the project, else the only one', async () => {
    expect((await currentApp(both, { choice, storageId: 'example.com/blog' })).name).toBe('shop');
    expect((await currentApp(both, { storageId: 'example.com/blog' })).name).toBe('blog');
    expect((await currentApp(source(blog), {})).name).toBe('blog');
    expect((await currentApp(source(blog), { storageId: 'example.com/new' })).name).toBe('blog');
  });

  test('chosen and made anew is found by its name; one that is gone is forgotten', async () => {
    const renewed = app(9, 'shop', 'x', ['dev']);
    expect((await currentApp(source(blog, renewed), { choice })).id).toBe(renewed.id);
    expect((await currentApp(source(blog), { choice })).name).toBe('blog');
  });

  test('is not guessed', async () => {
    await expect(currentApp(both, {})).rejects.toMatchObject({
      code: 'WHICH_APP',
      hint: expect.stringMatching(/shop, blog.*--app.*hippo use/),
    });
    await expect(currentApp(source(), {})).rejects.toMatchObject({
      code: 'WHICH_APP',
      hint: expect.stringContaining('hippo create'),
    });
    const twin = app(3, 'shop-two', 'example.com/shop');
    await expect(
      currentApp(source(shop, twin, blog), { storageId: 'example.com/shop' }),
    ).rejects.toMatchObject({ code: 'WHICH_APP', message: expect.stringContaining('example.com/shop') });
    expect((await currentApp(source(shop, twin), { storageId: 'example.com/shop', choice })).name).toBe(
      'shop',
    );
  });

  test('of very many is listed in one readable line', async () => {
    const many = Array.from({ length: 500 }, (_, i) => app(i, `app-${i}`, `s${i}`));
    await expect(currentApp(source(...many), {})).rejects.toMatchObject({
      hint: expect.stringContaining('app-19 and 480 more'),
    });
  });
});

describe('a channel', () => {
  test('is the one that is asked for, in the app that is meant', async () => {
    const found = await currentChannel(both, { app: 'blog', channel: 'production', choice });
    expect([found.app.name, found.channel.name]).toEqual(['blog', 'production']);
    await expect(currentChannel(both, { app: 'blog', channel: 'dev' })).rejects.toMatchObject({
      code: 'NO_SUCH_CHANNEL',
      message: 'blog has no channel "dev".',
    });
  });

  test('asked for by id needs no app', async () => {
    const wanted = blog.channels[0]!.id;
    expect((await currentChannel(both, { channel: wanted, choice })).app.name).toBe('blog');
  });

  test('is the chosen one if it is the chosen app, else the only one', async () => {
    expect((await currentChannel(both, { choice })).channel.name).toBe('dev');
    expect((await currentChannel(both, { choice, app: 'blog' })).channel.name).toBe('production');
    await expect(currentChannel(both, { app: 'shop' })).rejects.toMatchObject({
      code: 'WHICH_CHANNEL',
      hint: expect.stringMatching(/production, dev.*hippo use shop:CHANNEL/),
    });
    await expect(currentChannel(source(app(4, 'empty', 'e')), {})).rejects.toMatchObject({
      code: 'WHICH_CHANNEL',
      hint: expect.stringContaining('hippo channel add'),
    });
  });

  test('which was chosen and is gone is not replaced by a guess', async () => {
    const gone = { ...choice, channel: { id: id(77), name: 'gone' } };
    await expect(currentChannel(both, { choice: gone })).rejects.toMatchObject({ code: 'WHICH_CHANNEL' });
  });

  test('belongs to the app that is found without it, for any apps and wishes', async () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd');
    const apps = fc.uniqueArray(fc.record({ name: names, channels: fc.uniqueArray(names) }), {
      selector: ({ name }) => name,
    });
    await fc.assert(
      fc.asyncProperty(
        apps,
        fc.record({
          app: fc.option(names, { nil: undefined }),
          channel: fc.option(names, { nil: undefined }),
        }),
        async (given, wish) => {
          const all = source(...given.map(({ name, channels }, i) => app(i + 1, name, name, channels)));
          const found = await currentChannel(all, wish).catch((error: { code: string }) => error.code);
          const owner = await currentApp(all, wish).catch((error: { code: string }) => error.code);
          if (typeof owner === 'string') {
            expect(found).toBe(owner);
            return;
          }
          if (typeof found === 'string') {
            expect(found).toMatch(/_CHANNEL$/);
            return;
          }
          expect(found.app).toEqual(owner);
          expect(owner.channels.map(({ id }) => id)).toContain(found.channel.id);
          if (wish.channel !== undefined) expect(found.channel.name).toBe(wish.channel);
          else expect(owner.channels).toHaveLength(1);
        },
      ),
    );
  });
});

describe('the bindle name of a folder', () => {
  const folder = temporaryFolder();
  const facts = (name: string, text: string): string => {
    const directory = join(folder, name);
    mkdirSync(directory);
    writeFileSync(join(directory, 'HIPPOFACTS'), text);
    return directory;
  };

  test('stands in its HIPPOFACTS, be it finished or not', async () => {
    expect(await storageIdOf(facts('whole', '[bindle]\nname = "a/b"\nversion = "1.0.0"\n'))).toBe('a/b');
    expect(await storageIdOf(facts('half', '[bindle]\nname = "a/b"\nversion = \n[[handler'))).toBe('a/b');
  });

  test('is not known without one', async () => {
    expect(await storageIdOf(folder)).toBeUndefined();
    expect(await storageIdOf(join(folder, 'nowhere'))).toBeUndefined();
    expect(await storageIdOf(facts('nameless', '[bindle]\nversion = "1.0.0"\n'))).toBeUndefined();
    expect(await storageIdOf(facts('odd', 'name = [1,'))).toBeUndefined();
  });
});
