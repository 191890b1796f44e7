// State of earlier versions goes on to be there.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MIGRATIONS } from '../../../../src/platform/hippo/migrations.ts';
import { openDatabase } from '../../../../src/platform/store/database.ts';
import { temporaryFolder } from '../../../support/temporary.ts';
import { startHippo, UNKNOWN } from './harness.ts';

const root = temporaryFolder();

test('what was there before accounts were belongs to the owner of the machine', async () => {
  const first = openDatabase(join(root, 'hippo.db'), MIGRATIONS.slice(0, 1));
  first.run('INSERT INTO app VALUES (?, ?, ?)', UNKNOWN, 'old', 'old/app');
  first.run('INSERT INTO revision (id, app_id, number) VALUES (?, ?, ?)', 'revision', UNKNOWN, '1.0.0');
  first.run(
    'INSERT INTO channel VALUES (?, ?, ?, ?, ?, ?, ?, NULL)',
    'channel',
    UNKNOWN,
    'main',
    'old.localhost',
    'UseRangeRule',
    '*',
    'revision',
  );
  first.close();

  const hippo = await startHippo(root, { directory: root });
  const { client } = hippo;
  const [app] = await client.apps();
  const [team] = await client.teams();
  expect(team).toMatchObject({ name: 'owner', members: [{ userName: 'owner' }] });
  expect(app).toMatchObject({ name: 'old', teamId: team!.id, channels: [{ activeRevisionNumber: '1.0.0' }] });
  expect(await client.channels()).toMatchObject([{ desiredStatus: 'Running', certificate: null }]);
  expect(existsSync(join(root, 'hippo.db.v1'))).toBe(true);
  await hippo.close();
});
