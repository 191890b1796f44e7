// `hippo addons` as people type it, against a local Hippo and a broker that answers as a test wants.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { AddonItem, OperationItem } from '../../src/addons/addons.ts';
import { offeringItem, planItem } from '../support/addon-items.ts';
import { cleanEnv, hippo, type Ran, type RunOptions } from '../support/cli.ts';
import { noPseudoTerminal, openTerminal, type PseudoTerminal } from '../support/pseudo-terminal.ts';
import { startScriptedBroker, type ScriptedBroker } from '../support/scripted-broker.ts';
import { startStubHippo } from '../support/stub-hippo.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { waitFor } from '../support/wait.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');
/** What the browser was opened with. */
const opened = join(folder, 'opened');
const browser = join(folder, 'browser.sh');
let market: ScriptedBroker;
/** Everything that any command has printed, but for secrets that were asked for. */
let said = '';

interface Options {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  onStart?: NonNullable<RunOptions['onStart']>;
}

beforeAll(async () => {
  mkdirSync(home);
  writeFileSync(browser, `#!/bin/sh\necho "$1" >> '${opened}'\n`);
  chmodSync(browser, 0o755);
  market = await startScriptedBroker();
  market.services = seedServices(market.url);
  await run(['platform', 'start', '--detach', '--port', '0']);
  await brokerAdd('market', market);
});
afterAll(async () => {
  await run(['platform', 'stop']);
  await market.close();
});

async function run(args: string[], { cwd = folder, env, onStart }: Options = {}): Promise<Ran> {
  const ran = await hippo(args, {
    cwd,
    env: cleanEnv(home, { BROWSER: browser, ...env }),
    ...(onStart ? { onStart } : {}),
  });
  if (!args.includes('--reveal')) said += ran.stdout + ran.stderr;
  return ran;
}

/** Succeeds, and gives what is on standard output. */
async function ok(args: string[], options?: Options): Promise<string> {
  const ran = await run(args, options);
  expect(ran, args.join(' ')).toMatchObject({ code: 0 });
  return ran.stdout;
}

async function json<T>(args: string[], options?: Options): Promise<T> {
  return JSON.parse(await ok([...args, '-o', 'json'], options)) as T;
}

async function brokerAdd(name: string, { url, userName, password }: ScriptedBroker): Promise<void> {
  await ok(['addons', 'brokers', 'add', name, url, '--username', userName], {
    env: { HIPPO_BROKER_PASSWORD: password },
  });
}

/** The offerings of the issue that all began with. */
function seedServices(url: string): object[] {
  const service = (name: string, plans: [string, number][], more: object = {}): object => ({
    id: `service-${name}`,
    name,
    description: `${name}, managed.`,
    bindable: true,
    plan_updateable: true,
    metadata: { documentationUrl: `${url}/docs/${name}` },
    plans: plans.map(([plan, amount]) => ({
      id: `${name}-${plan}`,
      name: plan,
      description: plan,
      free: amount === 0,
      binding_rotatable: true,
      ...(amount > 0 && { metadata: { costs: [{ amount: { usd: amount }, unit: 'HOURLY' }] } }),
      schemas: {
        service_instance: {
          create: {
            parameters: {
              $schema: 'http://json-schema.org/draft-04/schema#',
              type: 'object',
              properties: { size: { type: 'integer', description: 'In GB.' }, note: { type: 'string' } },
            },
          },
        },
      },
    })),
    ...more,
  });
  return [
    service('mysql', [['free', 0]]),
    service('postgresql', [['free', 0]]),
    service('amazon-rds-postgresql', [
      ['small', 0.03],
      ['medium', 0.06],
      ['large', 0.12],
    ]),
    service('nothing-to-read', [['free', 0]], { metadata: {} }),
  ];
}

/** A folder of its own with an app of its own, and the channel `development`. */
async function app(name: string, ...more: string[]): Promise<{ cwd: string }> {
  const here = { cwd: mkdtempSync(join(folder, 'project-')) };
  await ok(['create', name], here);
  for (const channel of ['development', ...more]) await ok(['channels', 'add', channel], here);
  if (more.length > 0) await ok(['use', `${name}:development`], here);
  return here;
}

const show = (name: string, here: Options): Promise<AddonItem & { operations: OperationItem[] }> =>
  json(['addons', 'show', name], here);

describe('the transcripts of the issue that all began with', () => {
  test('run as they are written', async () => {
    // Somebody who sees what that broker offers, and nothing else, as it is there.
    await ok(['team', 'add', 'platform']);
    for (const broker of ['postgresql', 'redis', 'sqlite'])
      await ok(['addons', 'brokers', 'change', broker, '--team', 'platform']);
    const { services } = market;
    market.services = services.slice(0, 3);
    await ok(['addons', 'brokers', 'refresh', 'market']);
    await run(['register', '--username', 'ana'], { env: { HIPPO_PASSWORD: 'Passw0rd!-of-ana' } });
    const here = {
      cwd: mkdtempSync(join(folder, 'seed-')),
      env: { HIPPO_USERNAME: 'ana', HIPPO_PASSWORD: 'Passw0rd!-of-ana' },
    };
    const seed = (line: string): Promise<string> => ok(line.split(' ').slice(1), here);

    expect(await seed('hippo create myapp')).toMatch(/^Added myapp/);
    expect(await seed('hippo channels add development')).toMatch(/^Added development/);
    expect(await seed('hippo addons list')).toBe(
      `| Name                  | Plan   |
+-----------------------|--------+
| mysql                 | free   |
| postgresql            | free   |
| amazon-rds-postgresql | small  |
| amazon-rds-postgresql | medium |
| amazon-rds-postgresql | large  |
`,
    );
    const add = `Adding amazon-rds-postgresql:small to myapp:development... done
Use \`hippo addons docs amazon-rds-postgresql --plan small\` to view the documentation
`;
    expect(await seed('hippo addons add amazon-rds-postgresql --plan small')).toBe(add);
    expect(await seed('hippo addons docs amazon-rds-postgresql --plan small')).toBe(
      'Opening documentation on amazon-rds-postgresql for myapp... done\n',
    );
    expect(await seed('hippo addons remove amazon-rds-postgresql')).toBe(
      'Removing amazon-rds-postgresql:small from myapp:development... done\n',
    );
    expect(await seed('hippo addons add amazon-rds-postgresql --plan small')).toBe(add);
    expect(await seed('hippo addons update amazon-rds-postgresql --plan medium')).toBe(
      `Updating amazon-rds-postgresql for myapp:development... done
You are now being billed for this addon at $0.06/hour, about $43.80/month
`,
    );
    expect(await seed('hippo addons dashboard amazon-rds-postgresql')).toBe(
      'Opening amazon-rds-postgresql for myapp... done\n',
    );
    expect(await seed('hippo addons docs amazon-rds-postgresql')).toBe(
      'Opening documentation on amazon-rds-postgresql for myapp... done\n',
    );
    await waitFor(() => {
      const addresses = readFileSync(opened, 'utf8').trim().split('\n');
      expect(addresses.filter((one) => one === `${market.url}/docs/amazon-rds-postgresql`)).toHaveLength(2);
      expect(addresses.some((one) => one.startsWith(`${market.url}/dashboard/`))).toBe(true);
    });
    market.services = services;
    await ok(['addons', 'brokers', 'refresh', 'market']);
  });
});

describe('what there is', () => {
  test('is listed, searched and shown, with prices and parameters', async () => {
    const here = await app('looks');
    expect(await ok(['addons', 'list', '--all'], here)).toMatch(
      /^amazon-rds-postgresql +medium +\$0\.06\/hour +market +/m,
    );
    expect(await ok(['addons', 'search', 'MYSQL'], here)).toMatch(/mysql +free +free/);
    expect(await run(['addons', 'search', 'nosuch'], here)).toMatchObject({ code: 0, stdout: '' });
    const info = await ok(['addons', 'info', 'mysql'], here);
    expect(info).toContain('mysql (mysql), from the broker market');
    expect(info).toMatch(/free +size +integer +In GB\./);
    const { offerings, addons } = await json<{ offerings: { reference: string }[]; addons: unknown[] }>(
      ['addons', 'list'],
      here,
    );
    expect(offerings.map(({ reference }) => reference)).toContain('postgresql@market');
    expect(addons).toEqual([]);
  });

  test.each([
    [['info', 'mysqll'], 2, 'There is no add-on "mysqll".\nDid you mean mysql?'],
    [['add', 'mysql', '--plan', 'huge'], 2, 'mysql has no plan "huge".\nIt has free.'],
    [['add', 'postgresql'], 2, 'Several brokers offer postgresql.\nName one of postgresql@market'],
    [['show', 'mysql'], 1, 'names has no add-on "mysql".\nIt has none: `hippo addons add mysql` adds one.'],
    [['update', 'mysql'], 2, 'Nothing to change was given.'],
    [['bill', '--month', '2026-13'], 2, '"2026-13" is not a month.'],
    [['docs', 'mysql', '--plan', 'huge'], 2, 'mysql has no plan "huge".'],
    [['docs', 'nothing-to-read'], 1, 'names no documentation'],
    [['add', 'mysql', '--param', 'size=big'], 2, 'The parameter size is to be of type integer.'],
    [['add', 'mysql', '--param', 'size'], 2, '--param takes KEY=VALUE.'],
    [['add', 'mysql', '--params', 'nosuch.json'], 2, 'cannot be read'],
  ])('%j is told what is wrong', async (args, code, words) => {
    const here = existsSync(join(folder, 'names')) ? { cwd: join(folder, 'names') } : await named();
    const ran = await run(['addons', ...args], here);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain(words);
    expect(ran.code).toBe(code);
  });

  async function named(): Promise<{ cwd: string }> {
    const cwd = join(folder, 'names');
    mkdirSync(cwd);
    await ok(['create', 'names'], { cwd });
    await ok(['channels', 'add', 'development'], { cwd });
    return { cwd };
  }
});

describe('an add-on', () => {
  test('is added with parameters of the types that the plan wants, under a name of its own', async () => {
    const here = await app('params');
    await ok(['addons', 'add', 'mysql', '--as', 'db', '--param', 'size=3', '--param', 'note=4'], here);
    const held = [...market.instances.values()].at(-1);
    expect(held?.parameters).toEqual({ size: 3, note: '4' });
    writeFileSync(join(here.cwd, 'p.json'), '{"size": 5}');
    await ok(['addons', 'add', 'mysql', '--params', 'p.json'], here);
    expect([...market.instances.values()].at(-1)?.parameters).toEqual({ size: 5 });
    const { addons } = await json<{ addons: AddonItem[] }>(['addons', 'list'], here);
    expect(addons.map(({ name }) => name).sort()).toEqual(['db', 'mysql']);
    expect(await ok(['addons', 'list'], here)).toMatch(/\| db +\| mysql:free +\| ready +\| development \|/);
  });

  test('says what its broker says while it is made, and goes on when nobody waits', async () => {
    const here = await app('slow');
    market.slow.provision = 3;
    const ran = await run(['addons', 'add', 'mysql'], here);
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain('half done');
    await ok(['addons', 'remove', 'mysql'], here);

    market.slow.provision = 4;
    const left = await run(['addons', 'add', 'mysql'], {
      ...here,
      onStart: (child) =>
        void waitFor(async () => expect((await show('mysql', here)).operation).not.toBeNull()).then(() =>
          child.kill('SIGINT'),
        ),
    });
    expect(left).toMatchObject({ code: 130, stdout: '' });
    expect(left.stderr).toContain('goes on without this command');
    expect(left.stderr).toContain('`hippo addons show mysql --app slow`');
    await waitFor(async () => expect((await show('mysql', here)).state).toBe('ready'));
    await ok(['addons', 'remove', 'mysql'], here);

    const begun = await run(['addons', 'add', 'mysql', '--no-wait'], here);
    expect(begun.stdout).toBe('Adding mysql:free to slow:development... begun\n');
    await waitFor(async () => expect((await show('mysql', here)).state).toBe('ready'));
    delete market.slow.provision;
  });

  test('that cannot be made says why, in the words of its broker, and can be tried again', async () => {
    const here = await app('broken');
    market.once('provision', () => ({ status: 400, body: { description: 'No room in region seven.' } }));
    const failed = await run(['addons', 'add', 'mysql'], here);
    expect(failed).toMatchObject({ code: 4, stdout: '' });
    expect(failed.stderr).toContain('No room in region seven');
    expect((await show('mysql', here)).state).toBe('failed');
    expect(await ok(['addons', 'add', 'mysql'], here)).toContain(
      'Adding mysql:free to broken:development... done',
    );
  });

  test('whose plan cannot be changed goes on as it was', async () => {
    const here = await app('usable');
    await ok(['addons', 'add', 'amazon-rds-postgresql', '--plan', 'small'], here);
    market.once('update', () => ({ status: 422, body: { description: 'Too much data for that.' } }));
    const failed = await run(['addons', 'update', 'amazon-rds-postgresql', '--plan', 'large'], here);
    expect(failed).toMatchObject({ code: 4, stdout: '' });
    expect(failed.stderr).toContain('Too much data for that');
    const now = await show('amazon-rds-postgresql', here);
    expect(now.plan.name).toBe('small');
    expect(await ok(['addons', 'show', 'amazon-rds-postgresql'], here)).toContain(
      '$0.03/hour, about $21.90/month',
    );
  });

  test('is shared by channels, and goes from all of them only when that is said', async () => {
    const here = await app('shared', 'beta');
    await ok(['addons', 'add', 'mysql'], here);
    expect(await ok(['addons', 'attach', 'mysql', '--channel', 'beta', '--as', 'db'], here)).toBe(
      'Attaching mysql to shared:beta... done\n',
    );
    expect((await show('mysql', here)).bindings.map(({ channelName, name }) => [channelName, name])).toEqual([
      ['development', 'mysql'],
      ['beta', 'db'],
    ]);
    expect(await ok(['addons', 'credentials', '--channel', 'beta', '-o', 'id'], here)).toContain('DB_URL\n');
    const refused = await run(['addons', 'remove', 'mysql'], here);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('Remove mysql:free from shared:development and shared:beta?');
    const before = await json<{ key: string; value: string }[]>(['addons', 'credentials', '--reveal'], here);
    expect(await ok(['addons', 'rotate', 'mysql', '--channel', 'development'], here)).toBe(
      'Changing the credentials of mysql for shared:development... done\n',
    );
    const after = await json<{ key: string; value: string }[]>(['addons', 'credentials', '--reveal'], here);
    expect(after.map(({ key }) => key)).toEqual(before.map(({ key }) => key));
    expect(after).not.toEqual(before);
    expect(await ok(['addons', 'detach', 'mysql', '--channel', 'beta'], here)).toBe(
      'Detaching mysql from shared:beta... done\n',
    );
    await ok(['addons', 'attach', 'mysql', '--channel', 'beta'], here);
    expect(await ok(['addons', 'remove', 'mysql', '--yes'], here)).toBe(
      'Removing mysql:free from shared:development and shared:beta... done\n',
    );
  });

  test('keeps its channel and its app, unless they go together', async () => {
    const here = await app('together', 'beta');
    await ok(['addons', 'add', 'amazon-rds-postgresql', '--plan', 'small'], here);
    await ok(['addons', 'add', 'mysql', '--channel', 'beta'], here);
    const kept = await run(['channel', 'remove', 'development'], here);
    expect(kept.code).toBe(4);
    expect(kept.stderr).toContain(
      'together:development is the only user of amazon-rds-postgresql:small ($0.03/hour, about $21.90/month)',
    );
    expect(kept.stderr).toContain('--with-addons');
    expect(kept.stderr).not.toContain('mysql');
    const gone = await run(['channel', 'remove', 'development', '--with-addons'], here);
    expect(gone).toMatchObject({ code: 0, stdout: 'Removed together:development\n' });
    expect(gone.stderr).toContain('Removing amazon-rds-postgresql:small from together... done');
    expect((await run(['app', 'remove', 'together'], here)).code).toBe(4);
    await ok(['app', 'remove', 'together', '--with-addons'], here);
    expect(await ok(['app', 'list'], here)).not.toContain('together');
  });

  test('is abandoned with a warning about the bill, and taken over again', async () => {
    const here = await app('orphan');
    await ok(['addons', 'add', 'amazon-rds-postgresql', '--plan', 'small'], here);
    const [instance = ''] = [...market.instances.keys()].slice(-1);
    const refused = await run(['addons', 'abandon', 'amazon-rds-postgresql'], here);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('may go on billing for it ($0.03/hour, about $21.90/month)');
    expect(await ok(['addons', 'abandon', 'amazon-rds-postgresql', '--yes'], here)).toBe(
      'Abandoned amazon-rds-postgresql:small of orphan\n',
    );
    expect(market.instances.has(instance)).toBe(true);
    expect(
      await ok(
        ['addons', 'adopt', 'amazon-rds-postgresql', instance, '--plan', 'small', '--as', 'old'],
        here,
      ),
    ).toBe('Adopting amazon-rds-postgresql:small for orphan:development... done\n');
    expect(await show('old', here)).toMatchObject({ adopted: true, state: 'ready' });
  });

  test('waits for its broker, and is tried again at once', async () => {
    const here = await app('again');
    await ok(['addons', 'add', 'mysql'], here);
    market.always('deprovision', () => ({ status: 503, body: {} }));
    await ok(['addons', 'remove', 'mysql', '--no-wait'], here);
    const sent = (): number => market.requests.filter(({ verb }) => verb === 'deprovision').length;
    const before = sent();
    await waitFor(() => expect(sent()).toBeGreaterThan(before));
    market.always('deprovision', undefined);
    const { code, stderr } = await run(['addons', 'retry', 'mysql'], here);
    // It may be gone already, because the platform tries by itself.
    expect([code, code === 0 ? '' : stderr]).toEqual(
      code === 0 ? [0, ''] : [1, expect.stringContaining('no add-on')],
    );
    expect((await run(['addons', 'show', 'mysql'], here)).code).toBe(1);
  });
});

describe.skipIf(noPseudoTerminal !== undefined)('on a terminal', () => {
  const terminals: PseudoTerminal[] = [];
  afterEach(() => terminals.splice(0).forEach((terminal) => terminal.kill()));
  function open(args: string[], { cwd }: { cwd: string }): PseudoTerminal {
    const terminal = openTerminal(args, { cwd, env: cleanEnv(home), columns: 160 });
    terminals.push(terminal);
    return terminal;
  }

  test('removing asks, and says what goes and what it costs', async () => {
    const here = await app('asked');
    await ok(['addons', 'add', 'amazon-rds-postgresql', '--plan', 'small'], here);
    const no = open(['addons', 'remove', 'amazon-rds-postgresql'], here);
    await no.sees(/Remove amazon-rds-postgresql:small from asked:development\? Its data goes with it/);
    await no.sees(/it costs \$0\.03\/hour, about \$21\.90\/month/);
    no.enter('n');
    expect(await no.ended).toBe(0);
    expect(no.screen()).toContain('Nothing was removed.');
    const yes = open(['addons', 'remove', 'amazon-rds-postgresql'], here);
    await yes.sees('[y/N]');
    yes.enter('y');
    expect(await yes.ended).toBe(0);
    expect(yes.screen()).toContain('Removing amazon-rds-postgresql:small from asked:development... done');
  });

  test('what the broker says stands in a line that is redrawn', async () => {
    const here = await app('drawn');
    market.slow.provision = 5;
    const terminal = open(['addons', 'add', 'mysql'], here);
    await terminal.sees('Adding mysql:free to drawn:development... half done');
    expect(await terminal.ended).toBe(0);
    delete market.slow.provision;
    expect(terminal.screen()).toContain('Adding mysql:free to drawn:development... done');
    expect(terminal.screen()).not.toContain('half done');
  });
});

describe('for work on this machine', () => {
  test('a .env gets the variables, and git does not', async () => {
    const here = await app('local');
    await ok(['addons', 'add', 'mysql'], here);
    writeFileSync(join(here.cwd, '.env'), 'MINE=1\nMYSQL_PORT=1\n');
    const ran = await run(['addons', 'env'], here);
    expect(ran.stdout).toBe('Wrote MYSQL_PASSWORD, MYSQL_URL of local:development to .env\n');
    expect(ran.stderr).toContain('Left as they were, because they were not written by this: MYSQL_PORT');
    expect(ran.stderr).toContain('Added .env to ');
    const text = readFileSync(join(here.cwd, '.env'), 'utf8');
    expect(text).toMatch(/^MINE=1\nMYSQL_PORT=1\n# --- begin/);
    expect(text).toMatch(/^MYSQL_URL=db:\/\/\S+$/m);
    expect(readFileSync(join(here.cwd, '.gitignore'), 'utf8')).toBe('.env\n');
    expect(ran.stderr).not.toContain('git has');
    spawnSync('git', ['init', '-q'], { cwd: here.cwd });
    spawnSync('git', ['add', '--force', '.env'], { cwd: here.cwd });
    expect((await run(['addons', 'env'], here)).stderr).toContain('git has .env already');
    expect(await json(['addons', 'env'], here)).toMatchObject({ tracked: true });
    expect(await run(['addons', 'env', '--file', 'sub/.env'], here)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^error: sub\/\.env cannot be written \(ENOENT\)\.\nMake the folder /),
    });
    await ok(['addons', 'remove', 'mysql'], here);
    expect((await run(['addons', 'env'], here)).stderr).toContain('Took out MYSQL_PASSWORD, MYSQL_URL');
    expect(readFileSync(join(here.cwd, '.env'), 'utf8')).toBe('MINE=1\nMYSQL_PORT=1\n');
  });

  test('without a browser, the address is told', async () => {
    const here = await app('headless');
    const env = { BROWSER: '', DISPLAY: '', WAYLAND_DISPLAY: '' };
    expect(await ok(['addons', 'docs', 'mysql'], { ...here, env })).toBe(
      `Opening documentation on mysql for headless... there is no browser here: it is at\n${market.url}/docs/mysql\n`,
    );
    expect(await ok(['addons', 'docs', 'mysql', '--print'], here)).toBe(`${market.url}/docs/mysql\n`);
  });
});

describe('the bill', () => {
  test('is a table, CSV and JSON', async () => {
    const here = await app('billed');
    await ok(['addons', 'add', 'amazon-rds-postgresql', '--plan', 'large'], here);
    const bill = await ok(['addons', 'bill', '--app', 'billed', '--by', 'offering'], here);
    expect(bill).toMatch(
      /billed +amazon-rds-postgresql +amazon-rds-postgresql:large +0\.0 +\$0\.12\/hour +\$0\.00/,
    );
    expect(bill).toMatch(/^Total: \$0\.00$/m);
    const [head, line] = (await ok(['addons', 'bill', '--app', 'billed', '-o', 'csv'], here)).split('\n');
    expect(head).toBe(
      'month,team,app,addon,offering,plan,from,to,seconds,price_micros,price_unit,currency,amount',
    );
    expect(line).toMatch(
      /^\d{4}-\d\d,[^,]+,billed,amazon-rds-postgresql,amazon-rds-postgresql,large,.*,120000,HOURLY,usd,0\.00$/,
    );
    expect(await json(['addons', 'bill', '--app', 'billed'], here)).toMatchObject({
      lines: [{ appName: 'billed', plan: 'large' }],
    });
    expect((await run(['addons', 'bill', '--month', '2020-01'], here)).stderr).toContain('nothing to pay');
  });
});

describe('brokers', () => {
  test('are registered, changed and forgotten, their credentials never on the command line', async () => {
    const other = await startScriptedBroker();
    other.services = seedServices(other.url).slice(0, 1);
    try {
      const wrong = await run(['addons', 'brokers', 'add', 'other', other.url, '--username', 'x'], {
        env: { HIPPO_BROKER_PASSWORD: 'wrong-password' },
      });
      expect(wrong.code).not.toBe(0);
      expect((await run(['addons', 'brokers', 'add', 'other', other.url])).code).toBe(2);
      for (const address of ['ftp://broker.example.com', 'broker.example.com', ''])
        expect(await run(['addons', 'brokers', 'add', 'other', address])).toMatchObject({
          code: 2,
          stderr: expect.stringContaining('is no address of a broker'),
        });
      await brokerAdd('other', other);
      const list = await json<{ name: string; offerings: number }[]>(['addons', 'brokers', 'list']);
      expect(list.find(({ name }) => name === 'other')).toMatchObject({ offerings: 1, state: 'ready' });
      // Two brokers have mysql now.
      const here = await app('two');
      expect((await run(['addons', 'add', 'mysql'], here)).stderr).toContain('mysql@other');
      await ok(['addons', 'add', 'mysql@other'], here);
      const refused = await run(['addons', 'brokers', 'remove', 'other']);
      expect(refused.code).toBe(4);
      expect(refused.stderr).toContain('two');
      await ok(
        [
          'addons',
          'brokers',
          'change',
          'other',
          '--name',
          'renamed',
          '--credentials',
          '--username',
          other.userName,
        ],
        {
          env: { HIPPO_BROKER_PASSWORD: other.password },
        },
      );
      expect(await ok(['addons', 'brokers', 'refresh', 'renamed'])).toBe(
        'Read the catalog of renamed, with 1 offering\n',
      );
      await ok(['addons', 'remove', 'mysql'], here);
      expect(await ok(['addons', 'brokers', 'remove', 'renamed'])).toBe('Removed renamed\n');
    } finally {
      await other.close();
    }
  });

  test('are the business of administrators', async () => {
    const { code, stderr } = await run(['addons', 'brokers', 'list'], {
      env: { HIPPO_USERNAME: 'ana', HIPPO_PASSWORD: 'Passw0rd!-of-ana' },
    });
    expect(code).toBe(5);
    expect(stderr).toContain('does not allow this');
  });
});

describe('who cannot', () => {
  test('a Hippo without add-ons says so, and names the local one', async () => {
    const stub = await startStubHippo(({ path }) => (path === '/api/apps' ? { status: 401 } : undefined));
    try {
      const ran = await run(['addons', 'list', '--url', stub.url], { env: { HIPPO_TOKEN: 'x' } });
      expect(ran).toMatchObject({ code: 4, stdout: '' });
      expect(ran.stderr).toContain(`The Hippo at ${stub.url} has no add-ons.`);
      expect(ran.stderr).toContain('`hippo platform start`');
    } finally {
      stub.close();
    }
  });

  test('a machine that lacks a server says what is missing, and what gets it', async () => {
    const offerings = [
      offeringItem('sqlite', [planItem('free')]),
      offeringItem('mysql', [planItem('free')], {
        unavailable: { reason: 'MariaDB is not installed.', command: 'apt-get install mariadb-server' },
      }),
    ];
    const page = (items: unknown[]) => ({ status: 200, body: { items, pageSize: 200, isLastPage: true } });
    const stub = await startStubHippo(({ path }) =>
      path === '/api/apps' ? page([]) : path === '/api/offerings' ? page(offerings) : undefined,
    );
    try {
      const env = { HIPPO_URL: stub.url, HIPPO_TOKEN: 'x' };
      expect(await ok(['addons', 'list'], { env })).toBe(
        `| Name   | Plan |
+--------|------+
| sqlite | free |

Not available here:
| Name  | What is missing           | What gets it                   |
+-------|---------------------------|--------------------------------+
| mysql | MariaDB is not installed. | apt-get install mariadb-server |
`,
      );
      const ran = await run(['addons', 'add', 'mysql'], { env });
      expect(ran).toMatchObject({ code: 1, stdout: '' });
      expect(ran.stderr).toContain(
        'mysql cannot be added here: MariaDB is not installed.\n`apt-get install mariadb-server` makes it available.',
      );
    } finally {
      stub.close();
    }
  });

  test('a deploy token adds nothing, and sees no secrets', async () => {
    const here = await app('token');
    const token = (await ok(['token', 'create'], here)).trim();
    const env = { HIPPO_TOKEN: token };
    for (const args of [['add', 'mysql'], ['credentials'], ['env']]) {
      const ran = await run(['addons', ...args], { ...here, env });
      expect(ran.code, args.join(' ')).toBe(5);
      expect(ran.stderr).toContain('A deploy token may not');
    }
    expect(await ok(['addons', 'list'], { ...here, env })).toContain('mysql');
  });
});

test('no secret was printed that nobody asked for', () => {
  expect(said).not.toContain(market.password);
  expect(said).not.toMatch(/secret-[0-9a-f-]{8}/);
  expect(said).not.toContain('Unexpected failure');
});
