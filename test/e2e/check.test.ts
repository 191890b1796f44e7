// `hippo check`: what is wrong with a project, in each form, and its exit codes.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cleanEnv, hippo, type Ran } from '../support/cli.ts';
import { startLocalPlatform, type LocalPlatform } from '../support/local-platform.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { sketch } from '../support/wasm.ts';

const folder = temporaryFolder();
const home = join(folder, 'home');
const elsewhere = join(folder, 'nobody');
let next = 0;
let dir: string;
let name: string;
beforeEach(() => {
  name = `p${next++}`;
  dir = join(folder, 'work space', name);
  mkdirSync(join(dir, 'static'), { recursive: true });
  writeFileSync(join(dir, 'm.wasm'), sketch({ functions: [[]] }));
  writeFileSync(join(dir, 'static/a.css'), 'a');
});

const BINDLE = '[bindle]\nname = "x"\nversion = "1.0.0"\n';
const CLEAN = `${BINDLE}[[handler]]\nroute = "/"\nname = "m.wasm"\nfiles = ["static/*.css"]\n`;
const WARNED = CLEAN.replace('*.css', '*.CSS');
const WRONG = `${WARNED}[[handler]]\nroute = "/"\nname = "gone.wasm"\n`;
const manifest = (text: string): void => writeFileSync(join(dir, 'HIPPOFACTS'), text);
const check = (args: string[] = [], env: NodeJS.ProcessEnv = {}, cwd = dir): Promise<Ran> =>
  hippo(['check', ...args], { cwd, env: cleanEnv(elsewhere, env) });

describe('hippo check', () => {
  it('says nothing of what is right, and starts no Hippo', async () => {
    manifest(CLEAN);
    expect(await check()).toEqual({ code: 0, stdout: '', stderr: 'Nothing is wrong.\n' });
  });

  it('says all that is wrong, with places and codes', async () => {
    manifest(WRONG);
    const ran = await check();
    expect(ran.code).toBe(3);
    expect(ran.stdout.split('\n').slice(0, -1)).toEqual([
      'HIPPOFACTS:7:10: warning: No files matched pattern static/*.CSS: upper and lower case differ, write static/*.css. [no-match]',
      "HIPPOFACTS:9:9: warning: Route '/' never answers: the handler on line 5 has the same route and comes first. [route-shadowed]",
      'HIPPOFACTS:10:8: error: Could not assemble parcel for file gone.wasm: it does not exist: build it, or correct its name. [missing-module]',
    ]);
    expect(ran.stderr).toBe('1 error, 2 warnings.\n');
  });

  it('fails for warnings only where that is wanted', async () => {
    manifest(WARNED);
    expect((await check()).code).toBe(0);
    expect((await check(['--strict'])).code).toBe(3);
    expect((await check(['--severity', 'no-match=off', '--strict'])).code).toBe(0);
    expect((await check(['--severity', 'no-match=error'])).code).toBe(3);
    manifest(WRONG);
    expect((await check(['--severity', 'missing-module=information'])).code).toBe(0);
  });

  it('knows wrong usage', async () => {
    manifest(CLEAN);
    const unknown = await check(['--severity', 'nonsense=off']);
    expect(unknown).toMatchObject({ code: 2, stdout: '' });
    expect(unknown.stderr).toContain('There is no problem "nonsense".');
    expect((await check(['--severity', 'no-match=loud'])).code).toBe(2);
    expect((await check(['--format', 'xml'])).code).toBe(2);
    expect((await check(['none'])).code).toBe(3);
    expect((await check(['--connection', 'nobody'])).code).toBe(2);
  });

  it('checks a file by its name, from anywhere, and a module alone', async () => {
    writeFileSync(join(dir, 'Other.toml'), WRONG);
    const ran = await check([join('work space', name, 'Other.toml')], {}, folder);
    expect(ran.stdout).toContain(join('work space', name, 'Other.toml') + ':10:8: error:');
    expect(await check(['m.wasm'])).toMatchObject({ code: 0, stdout: '' });
    writeFileSync(join(dir, 'bad.wasm'), 'x');
    expect((await check(['bad.wasm'])).stdout).toBe(
      'bad.wasm:1:1: warning: bad.wasm is not a WebAssembly module: it does not begin as one. [not-wasm]\n',
    );
  });

  it('counts no column for a byte order mark', async () => {
    manifest(`\uFEFF${CLEAN.replace('[bindle]', '[bindel]')}`);
    expect((await check()).stdout).toMatch(/^HIPPOFACTS:1:2: error: /m);
    const { problems } = JSON.parse((await check(['--format', 'json'])).stdout) as { problems: unknown[] };
    expect(problems).toContainEqual(
      expect.objectContaining({
        code: 'unknown-field',
        start: { line: 1, column: 2, offset: 2 },
        end: { line: 1, column: 8, offset: 8 },
      }),
    );
  });

  it('prints JSON', async () => {
    manifest(`# 🦛\n${WRONG}`);
    const { stdout, code } = await check(['--format', 'json']);
    expect(code).toBe(3);
    const { file, problems } = JSON.parse(stdout) as { file: string; problems: unknown[] };
    expect(file).toBe(join(dir, 'HIPPOFACTS'));
    expect(problems).toHaveLength(3);
    expect(problems[0]).toEqual({
      code: 'no-match',
      severity: 'warning',
      message: 'No files matched pattern static/*.CSS: upper and lower case differ, write static/*.css',
      start: { line: 8, column: 10, offset: WRONG.indexOf('"static') + 5 },
      end: { line: 8, column: 24, offset: WRONG.indexOf('"static') + 19 },
      replacement: '"static/*.css"',
    });
    expect(problems[1]).toMatchObject({ related: [{ start: { line: 6, column: 9 } }] });
  });

  it('prints annotations for GitHub', async () => {
    manifest(WRONG);
    const workspace = { GITHUB_WORKSPACE: join(folder, 'work space') };
    const annotated = [
      `::warning file=${name}/HIPPOFACTS,line=7,col=10,endLine=7,endColumn=24,title=no-match::No files matched pattern static/*.CSS`,
      `::warning file=${name}/HIPPOFACTS,line=9,col=9,endLine=9,endColumn=12,title=route-shadowed::Route '/' never answers`,
      `::error file=${name}/HIPPOFACTS,line=10,col=8,endLine=10,endColumn=19,title=missing-module::Could not assemble parcel`,
    ];
    const ran = await check(['--format', 'github'], workspace);
    expect(ran.code).toBe(3);
    for (const [index, line] of annotated.entries()) expect(ran.stdout.split('\n')[index]).toContain(line);
    // Nothing is said of columns where it ends on another line.
    manifest(CLEAN.replace('"m.wasm"', '[\n]'));
    expect((await check(['--format', 'github'], workspace)).stdout).toMatch(
      /,line=6,col=8,endLine=7,title=wrong-type::/,
    );
    manifest(WRONG);
    // Where it runs there, a publish and a check in words mark the places, too.
    const inActions = await check([], { ...workspace, GITHUB_ACTIONS: 'true' });
    for (const line of annotated) expect(inActions.stderr).toContain(line);
  });

  it('prints SARIF', async () => {
    manifest(WRONG);
    const { stdout, code } = await check(['--format', 'sarif'], { GITHUB_WORKSPACE: folder });
    expect(code).toBe(3);
    const log = JSON.parse(stdout) as Sarif;
    expect(log).toMatchObject({ version: '2.1.0', runs: [{ columnKind: 'utf16CodeUnits' }] });
    // Whoever reads it in a pull request has no files of this machine.
    expect(stdout).not.toContain('file:');
    expect(log.$schema).toMatch(/sarif-schema-2\.1\.0\.json$/);
    const [run] = log.runs;
    const { name: tool, version, rules } = run!.tool.driver;
    expect([tool, typeof version]).toEqual(['Hippo Tools', 'string']);
    expect(rules.map(({ id }) => id)).toEqual(['missing-module', 'no-match', 'route-shadowed']);
    for (const { shortDescription, help, defaultConfiguration } of rules) {
      for (const { text } of [shortDescription, help]) expect(text).toMatch(/\.$/);
      expect(['error', 'warning', 'note']).toContain(defaultConfiguration.level);
    }
    expect(run!.results.map(({ ruleId, level }) => [ruleId, level])).toEqual([
      ['no-match', 'warning'],
      ['route-shadowed', 'warning'],
      ['missing-module', 'error'],
    ]);
    for (const { ruleId, ruleIndex, message, locations } of run!.results) {
      expect(rules[ruleIndex]?.id).toBe(ruleId);
      expect(message.text).toMatch(/\.$/);
      expect(locations).toHaveLength(1);
      expect(locations[0]?.physicalLocation.artifactLocation).toEqual({
        uri: `work%20space/${name}/HIPPOFACTS`,
      });
    }
    expect(run!.results[0]).toMatchObject({
      locations: [
        { physicalLocation: { region: { startLine: 7, startColumn: 10, endLine: 7, endColumn: 24 } } },
      ],
      fixes: [
        {
          artifactChanges: [
            {
              replacements: [
                { deletedRegion: { startLine: 7 }, insertedContent: { text: '"static/*.css"' } },
              ],
            },
          ],
        },
      ],
    });
    expect(run!.results[1]).toMatchObject({
      relatedLocations: [{ id: 0, physicalLocation: { region: { startLine: 5 } } }],
    });
    manifest(CLEAN);
    const clean = JSON.parse((await check(['--format', 'sarif'])).stdout) as Sarif;
    expect(clean.runs[0]).toMatchObject({ results: [], tool: { driver: { rules: [] } } });
  });
});

interface Sarif {
  $schema: string;
  version: string;
  runs: {
    tool: {
      driver: {
        name: string;
        version: string;
        rules: {
          id: string;
          shortDescription: { text: string };
          help: { text: string };
          defaultConfiguration: { level: string };
        }[];
      };
    };
    results: {
      ruleId: string;
      ruleIndex: number;
      level: string;
      message: { text: string };
      locations: { physicalLocation: { artifactLocation: { uri: string } } }[];
    }[];
  }[];
}

describe('with a Hippo', () => {
  let platform: LocalPlatform;
  beforeAll(async () => {
    platform = await startLocalPlatform(home, ['--data', join(folder, 'data'), '--port', '0']);
  });
  afterAll(() => platform.stop());
  const asked = (args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
    hippo(['check', ...args], { cwd: dir, env: cleanEnv(home, env) });

  it('knows what is there: versions, other bindles and their handlers', async () => {
    manifest(CLEAN.replace('"x"', `"team/${name}"`));
    const env = cleanEnv(home, { HIPPO_URL: platform.hippoUrl, BINDLE_URL: platform.bindleUrl });
    const published = await hippo(['publish', '-v', 'production', '--no-wait'], { cwd: dir, env });
    expect(published.code, published.stderr).toBe(0);
    const by = ['--url', platform.hippoUrl];
    expect(await asked(by)).toMatchObject({ code: 0, stdout: '' });

    writeFileSync(join(dir, 'static/a.css'), 'b');
    const changed = await asked(by);
    expect(changed.code).toBe(0);
    expect(changed.stdout).toMatch(
      new RegExp(`^HIPPOFACTS:3:11: information: team/${name}/1\\.0\\.0 is on http.* with other content`),
    );
    // The Bindle server alone is enough, and a publish as it is written would fail.
    expect(await asked(['-v', 'production', '--server', platform.bindleUrl])).toMatchObject({ code: 3 });
    expect(await asked(['--offline', ...by])).toMatchObject({ code: 0, stdout: '' });

    manifest(
      `${BINDLE}[[handler]]\nroute = "/"\nexternal.bindleId = "team/${name}/9.9.9"\nexternal.handlerId = "h"\n`,
    );
    const unknown = await asked(by);
    expect(unknown.code).toBe(3);
    expect(unknown.stdout).toContain('external invoice not found on server. [external-not-found]');
  });

  it('goes on where the server is away, and says so', async () => {
    manifest(CLEAN);
    const ran = await asked(['--server', 'http://127.0.0.1:9/v1']);
    expect(ran).toMatchObject({ code: 0, stdout: '' });
    expect(ran.stderr).toContain('What is on the server was not checked:');
  });
});
