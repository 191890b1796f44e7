// Which task builds a project before it is published.

import { beforeEach, describe, expect, test } from 'vitest';
import { Builds, rankBuilds, type BuildTask, type BuildTasks } from '../../../src/editor/publish/builds.ts';
import type { Target } from '../../../src/editor/publish/wish.ts';
import { CANCEL, FakeApp } from '../../support/fake-app.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const home = temporaryFolder();

function target(path = '', folder = 'file:///work'): Target {
  const uri = `${folder}/${path === '' ? '' : `${path}/`}HIPPOFACTS`;
  return {
    uri,
    file: uri.slice('file://'.length),
    kind: 'project',
    label: 'weather',
    path,
    workspaceFolder: { name: 'work', uri: folder },
  };
}

function task(name: string, more: Partial<BuildTask> = {}): BuildTask {
  return {
    name,
    type: name.startsWith('npm: ') ? 'npm' : 'shell',
    group: undefined,
    isBackground: false,
    folder: 'file:///work',
    path: undefined,
    detail: undefined,
    ...more,
  };
}

class Tasks implements BuildTasks {
  list: BuildTask[] = [];
  code: number | undefined = 0;
  readonly ran: string[] = [];
  readonly shown: string[] = [];
  all = async (): Promise<BuildTask[]> => this.list;
  run = async ({ name }: BuildTask): Promise<number | undefined> => {
    this.ran.push(name);
    return this.code;
  };
  showFailure = async ({ name }: BuildTask): Promise<void> => void this.shown.push(name);
}

const names = (tasks: readonly BuildTask[]): string[] => tasks.map(({ name }) => name);

describe('what looks as if it built the project', () => {
  test("yo-wasm's task for Rust, before the native one, and never a publish", () => {
    const tasks = ['Cargo: Build Native', 'Cargo: Build WASM', 'Hippo: Publish Development Build'];
    expect(
      names(
        rankBuilds(
          tasks.map((name) => task(name)),
          target(),
        ),
      ),
    ).toEqual(['Cargo: Build WASM']);
  });

  test("npm's script build, before its parts; not tests, watchers or installations", () => {
    const scripts = [
      'test',
      'build:untouched',
      'build:optimized',
      'build',
      'install',
      'build:watch',
      'start',
    ];
    const tasks = scripts.map((name) => task(`npm: ${name}`));
    expect(names(rankBuilds(tasks, target()))).toEqual([
      'npm: build',
      'npm: build:untouched',
      'npm: build:optimized',
    ]);
  });

  test('what the user has made the default build is first', () => {
    const tasks = [
      task('npm: build'),
      task('all of it', { group: 'default' }),
      task('other', { group: 'build' }),
    ];
    expect(names(rankBuilds(tasks, target()))).toEqual(['all of it', 'other', 'npm: build']);
  });

  test('nothing that never ends, is of another folder, or of another project', () => {
    const tasks = [
      task('build', { isBackground: true }),
      task('npm: build', { folder: 'file:///other' }),
      task('npm: build - api', { path: 'api' }),
      task('npm: build - web', { path: 'web' }),
      task('everywhere: build', { folder: undefined }),
      task('hippo: publish', { type: 'hippo', group: 'build' }),
    ];
    expect(names(rankBuilds(tasks, target('web')))).toEqual(['npm: build - web', 'everywhere: build']);
  });
});

describe('the one that builds', () => {
  let app: FakeApp;
  let tasks: Tasks;
  let builds: Builds;
  beforeEach(() => {
    app = new FakeApp(home);
    tasks = new Tasks();
    tasks.list = [task('npm: test'), task('npm: build')];
    builds = new Builds(app, tasks);
  });

  test('is offered once and remembered, for each project', async () => {
    app.answer('npm: build', 'Do Not Build');
    expect((await builds.choose(target()))?.name).toBe('npm: build');
    expect(app.asked[0]?.offers).toEqual(['npm: build', 'Do Not Build', 'npm: test']);
    expect((await builds.choose(target()))?.name).toBe('npm: build');
    expect(await builds.choose(target('web'))).toBeUndefined();
    expect(await builds.choose(target('web'))).toBeUndefined();
    expect(app.asked).toHaveLength(2);
  });

  test('is offered again when it is gone, and on demand', async () => {
    app.answer('npm: build', 'Cargo: Build WASM', 'Do Not Build');
    await builds.choose(target());
    tasks.list = [task('Cargo: Build WASM')];
    expect((await builds.choose(target()))?.name).toBe('Cargo: Build WASM');
    expect(await builds.change(target())).toBeUndefined();
    expect(await builds.choose(target())).toBeUndefined();
    expect(app.unused).toBe(0);
  });

  test('is nobody, unasked, where nothing looks like it, and for a module', async () => {
    tasks.list = [task('npm: test')];
    expect(await builds.choose(target())).toBeUndefined();
    tasks.list = [task('npm: build')];
    expect(await builds.choose({ ...target(), kind: 'module' })).toBeUndefined();
    expect(app.asked).toEqual([]);
  });

  test('is what the setting says, and what a task says before it', async () => {
    app.values.set('hippo.publish.buildTask', 'npm: test');
    expect((await builds.choose(target()))?.name).toBe('npm: test');
    expect((await builds.choose(target(), 'npm: build'))?.name).toBe('npm: build');
    expect(await builds.choose(target(), 'none')).toBeUndefined();
    app.values.set('hippo.publish.buildTask', 'none');
    expect(await builds.choose(target())).toBeUndefined();
  });

  test('must be there', async () => {
    app.values.set('hippo.publish.buildTask', 'make it');
    await expect(builds.choose(target())).rejects.toMatchObject({
      code: 'NO_BUILD_TASK',
      message: 'There is no task "make it", which is to build weather before it is published.',
      setting: 'hippo.publish.buildTask',
    });
  });

  test('is that of the project where several have the name', async () => {
    tasks.list = [task('npm: build', { path: '' }), task('npm: build', { path: 'web' })];
    expect((await builds.choose(target('web'), 'npm: build'))?.path).toBe('web');
  });

  test('a question that is closed ends the publish and is asked again', async () => {
    app.answer(CANCEL, 'npm: build');
    await expect(builds.choose(target())).rejects.toMatchObject({ code: 'CANCELLED' });
    expect((await builds.choose(target()))?.name).toBe('npm: build');
  });

  test.each([
    [2, 'The build "npm: build" failed (exit code 2), so nothing was published.'],
    [undefined, 'The build "npm: build" did not end by itself, so nothing was published.'],
  ])('fails with %s: what is wrong is shown', async (code, message) => {
    tasks.code = code;
    const run = builds.run(task('npm: build'), new AbortController().signal);
    await expect(run).rejects.toMatchObject({ code: 'BUILD_FAILED', message });
    expect(tasks.shown).toEqual(['npm: build']);
  });

  test('is cancelled: nothing has failed', async () => {
    tasks.code = undefined;
    await expect(builds.run(task('npm: build'), AbortSignal.abort())).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(tasks.shown).toEqual([]);
  });
});
