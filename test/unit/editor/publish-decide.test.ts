// The questions of a publish at the window, and the settings that stop them.

import { beforeEach, describe, expect, test } from 'vitest';
import { Decider } from '../../../src/editor/publish/decide.ts';
import type { ChannelItem } from '../../../src/hippo/api.ts';
import type { Plan, Step, Taker } from '../../../src/publish/plan.ts';
import { CANCEL, FakeApp } from '../../support/fake-app.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const home = temporaryFolder();
let app: FakeApp;
let asked: number;
let decider: Decider;
beforeEach(() => {
  app = new FakeApp(home);
  asked = 0;
  decider = new Decider(app, 'file:///weather/HIPPOFACTS', () => asked++);
});

const channel = { id: 'c1', name: 'production', rangeRule: '~1' } as ChannelItem;
const takers: Taker[] = [
  { app: { id: 'a1', name: 'weather' } as Taker['app'], channel, runs: '1.0.0', own: false },
];
const createApp: Step = { type: 'create-app', name: 'weather', storageId: 'ana/weather' };
const createChannel: Step = { type: 'create-channel', name: 'beta', rule: '*' };
const changeRule: Step = { type: 'change-rule', channel, rule: '*', own: false };
const bump = {
  type: 'bump',
  version: '1.0.0',
  proposals: [
    { bump: 'patch', version: '1.0.1' },
    { bump: 'minor', version: '1.1.0' },
  ],
} as const;

describe('channels that others look at', () => {
  const question = { type: 'change-channels', version: '1.1.0', takers } as const;

  test('are named before they change', async () => {
    app.answer('Publish');
    expect(await decider.decide(question)).toBe(true);
    expect(app.asked).toEqual([
      {
        kind: 'choose',
        title: 'Change what production runs?',
        offers: ['Publish', 'Publish and Never Ask'],
      },
    ]);
    expect(asked).toBe(1);
  });

  test('are not asked about again, if a person says so', async () => {
    app.answer('Publish and Never Ask');
    await decider.decide(question);
    expect(app.settings.get('hippo.publish.confirmChannels')).toBe(false);
    expect(await decider.decide(question)).toBe(true);
    expect(asked).toBe(1);
  });

  test('are not asked about again of this person alone: what a workspace says is for everybody', async () => {
    app.answer('Publish and Never Ask');
    await decider.decide(question);
    expect([...app.values]).toEqual([['hippo.publish.confirmChannels', false]]);
    expect([app.workspaceValues.size, app.folderValues.size]).toEqual([0, 0]);
    expect(app.notifications).toEqual([]);
  });

  test('are asked about where the workspace wants it, which is said', async () => {
    app.workspaceValues.set('hippo.publish.confirmChannels', true);
    app.answer('Publish and Never Ask');
    await decider.decide(question);
    expect(app.notifications.map(({ message }) => message)).toEqual([
      'You will be asked again here: the settings of this workspace have hippo.publish.confirmChannels.',
    ]);
  });

  test('stay as they are, and nothing is published, if a person turns away', async () => {
    app.answer(CANCEL);
    await expect(decider.decide(question)).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('what is missing', () => {
  test('an app is made with its channel, after one question', async () => {
    const id = { name: 'ana/weather', version: '1.0.0' };
    decider.note({ id, steps: [createApp, createChannel] } as unknown as Plan);
    app.answer('Make App');
    expect(await decider.decide({ type: 'take-step', step: createApp })).toBe(true);
    expect(await decider.decide({ type: 'take-step', step: createChannel })).toBe(true);
    expect(app.asked.map(({ title }) => title)).toEqual(['Make the app "weather"?']);
  });

  test.each([
    [createChannel, 'Make the channel "beta"?', 'Make Channel'],
    [changeRule, 'Change the rule of the channel "production"?', 'Change Rule'],
  ])('is asked for, and can be left out', async (step, title, action) => {
    app.answer(action, 'Publish Without It');
    expect(await decider.decide({ type: 'take-step', step })).toBe(true);
    expect(await decider.decide({ type: 'take-step', step })).toBe(false);
    expect(app.asked.map((one) => one.title)).toEqual([title, title]);
  });

  test('is made without asking, once a person has said so', async () => {
    app.answer('Make and Never Ask');
    expect(await decider.decide({ type: 'take-step', step: createChannel })).toBe(true);
    expect(app.settings.get('hippo.publish.makeMissing')).toBe('make');
    expect(await decider.decide({ type: 'take-step', step: createApp })).toBe(true);
    expect(await decider.decide({ type: 'take-step', step: changeRule })).toBe(true);
    expect(asked).toBe(1);
  });
});

describe('a version that is taken', () => {
  test('is raised by what is picked', async () => {
    app.answer('1.1.0');
    expect(await decider.decide(bump)).toBe('minor');
    expect(app.asked).toEqual([
      { kind: 'pick', title: 'Version 1.0.0 Is Taken', offers: ['1.0.1', '1.1.0'] },
    ]);
  });

  test.each([
    ['patch', 'patch'],
    ['minor', 'minor'],
    ['stop', undefined],
  ])('with the setting %s it is not asked', async (value, answer) => {
    app.values.set('hippo.publish.whenVersionIsTaken', value);
    expect(await decider.decide(bump)).toBe(answer);
    expect(app.asked).toEqual([]);
  });

  test('a setting that does not fit is as good as none', async () => {
    app.values.set('hippo.publish.whenVersionIsTaken', 'somehow');
    app.answer('1.0.1');
    expect(await decider.decide(bump)).toBe('patch');
  });
});
