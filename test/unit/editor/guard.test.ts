// What a person reads of what fails, and the buttons that help.

import { describe, expect, test } from 'vitest';
import { waitFor } from '../../support/wait.ts';
import { Cancelled, describeFailure, EditorError } from '../../../src/editor/failure.ts';
import { Masker } from '../../../src/editor/mask.ts';
import { FakeApp } from '../../support/fake-app.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const home = temporaryFolder();

function coded(code: string, message = 'It failed.'): Error {
  return Object.assign(new Error(message), { code });
}

describe('the guard', () => {
  test('gives what the work gives, and says nothing', async () => {
    const app = new FakeApp(home);
    expect(await app.guard.run('x', async () => 7)).toBe(7);
    expect(app.notifications).toEqual([]);
  });

  test.each([
    ['a closed question', new Cancelled()],
    ['an aborted signal', AbortSignal.abort().reason as Error],
    ["VS Code's own", Object.assign(new Error('Canceled'), { name: 'Canceled' })],
  ])('is silent about %s', async (_, error) => {
    const app = new FakeApp(home);
    expect(await app.guard.run('x', () => Promise.reject(error))).toBeUndefined();
    expect(app.notifications).toEqual([]);
  });

  test('says one sentence, with a button, and the rest in the log', async () => {
    const app = new FakeApp(home);
    app.press(/Nothing answers/, 'Retry');
    let runs = 0;
    await app.guard.run('Listing the apps', () => {
      if (++runs === 1) throw coded('BROKEN', 'Nothing answers.\nAnd this is more.');
    });
    await waitFor(() => expect(runs).toBe(2));
    expect(app.notifications).toEqual([
      { level: 'error', message: 'Nothing answers.', buttons: ['Retry', 'View Output'] },
    ]);
    expect(app.lines.join('\n')).toContain('Listing the apps failed');
    expect(app.lines.join('\n')).toContain('And this is more.');
  });

  test('goes on after signing in, and not without', async () => {
    const app = new FakeApp(home);
    let signedIn = false;
    let answer: 'yes' | 'no' = 'no';
    const done: string[] = [];
    app.guard.provide('signIn', async () => {
      if (answer === 'no') throw new Cancelled();
      return (signedIn = true);
    });
    const work = (): void => {
      if (!signedIn) throw coded('UNAUTHORIZED', 'It does not know who you are.');
      done.push('done');
    };
    app.press(/who you are/, 'Sign In');
    await app.guard.run('x', work);
    await waitFor(() => expect(app.presses).toEqual([]));
    answer = 'yes';
    app.press(/who you are/, 'Sign In');
    await app.guard.run('x', work);
    await waitFor(() => expect(done).toEqual(['done']));
    expect(app.notifications).toHaveLength(2);
  });

  test('opens the output, and does nothing again then', async () => {
    const app = new FakeApp(home);
    app.press(/It failed/, 'View Output');
    let runs = 0;
    await app.guard.run('x', () => {
      runs++;
      throw coded('FORBIDDEN');
    });
    await waitFor(() => expect(app.lines).toContain('(shown)'));
    expect(runs).toBe(1);
  });

  test('does not wait for anybody to read it', async () => {
    const app = new FakeApp(home);
    app.prompts.notify = () => new Promise(() => undefined);
    expect(await app.guard.run('x', () => Promise.reject(coded('SERVER')))).toBeUndefined();
  });

  test('offers only what somebody provides', async () => {
    const app = new FakeApp(home);
    await app.guard.run('x', () => Promise.reject(coded('UNENCRYPTED')));
    expect(app.notifications.at(-1)?.buttons).toEqual([]);
    app.guard.provide('editConnection', async () => false);
    await app.guard.run('x', () => Promise.reject(coded('UNENCRYPTED')));
    expect(app.notifications.at(-1)?.buttons).toEqual(['Edit Connection']);
  });

  test('offers first what helps with this failure alone', async () => {
    const app = new FakeApp(home);
    app.press(/The build/, 'Show Problems');
    const shown: string[] = [];
    const help = { label: 'Show Problems', run: () => (shown.push('problems'), false) };
    await app.guard.run('x', () => {
      throw new EditorError('BUILD', 'The build failed.', { help: [help], remedies: ['retry'] });
    });
    await waitFor(() => expect(shown).toEqual(['problems']));
    expect(app.notifications.map(({ buttons }) => buttons)).toEqual([['Show Problems', 'Retry']]);
  });

  test('tells only the log of what nobody asked for', async () => {
    const app = new FakeApp(home);
    await app.guard.quietly('Refreshing', () => Promise.reject(coded('BROKEN')));
    expect(app.notifications).toEqual([]);
    expect(app.lines.join()).toContain('Refreshing failed');
  });
});

describe('a failure', () => {
  test('of ours is a sentence; others say that they are faults', () => {
    expect(describeFailure(coded('NOT_FOUND', 'There is none.'))?.message).toBe('There is none.');
    expect(describeFailure(new TypeError('x is undefined'))?.message).toBe(
      'Unexpected failure: x is undefined',
    );
    expect(describeFailure('text')?.message).toBe('Unexpected failure: text');
    const denied = Object.assign(new Error('EACCES: …'), { code: 'EACCES', syscall: 'open', path: '/x' });
    expect(describeFailure(denied)?.message).toBe('/x cannot be used (EACCES, open).');
  });

  test('says itself what helps, where it knows better', () => {
    const error = new EditorError('SOME', 'Do this.', {
      remedies: ['openSettings'],
      setting: 'hippo.connection',
    });
    expect(describeFailure(error)).toEqual({
      message: 'Do this.',
      remedies: ['openSettings'],
      setting: 'hippo.connection',
    });
  });
});

describe('masked', () => {
  const masker = new Masker();
  masker.conceal('correct horse');
  masker.conceal('correct horse battery');
  masker.conceal('abc');

  test.each([
    ['Authorization: Bearer eyJhbGciOi.x.y', /eyJ/],
    ['{"authorization":"Basic YW5hOnNlY3JldA=="}', /YW5h/],
    ["headers: { authorization: 'Bearer some-token-here' }", /some-token/],
    ['proxy-authorization: Digest abcdefgh', /abcdefgh/],
    ['GET http://ana:pass@word@hippo.example/api', /pass|word/],
    ['https://token@hippo.example', /token/],
    ['{"userName":"ana","password":"p\\"w d"}', /w d/],
    ['HIPPO_PASSWORD=hunter2 hippo push', /hunter2/],
    ["{ refreshToken: 'hippo_refresh_123' }", /123/],
    ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln was refused', /eyJ/],
    ['it is correct horse battery staple', /correct|battery/],
  ])('%s', (text, secret) => {
    expect(masker.mask(text)).not.toMatch(secret);
    expect(masker.mask(text)).toContain('***');
  });

  test.each([
    'GET https://hippo.example/api/auth-tokens answered 401',
    'The basic idea: abc is no secret',
    'Signed in as ana@example.com to https://hippo.example:443/',
    'The bearer of this has no token',
    'It does not accept this user name and password.',
  ])('left alone: %s', (text) => {
    expect(masker.mask(text)).toBe(text);
  });
});
