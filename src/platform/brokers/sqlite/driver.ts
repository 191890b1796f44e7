// Makes, measures and removes the files of SQLite add-ons. They are read and written by the platform's host call.

import { closeSync, mkdirSync, openSync, rmSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { bytesText } from '../kit/bytes-text.ts';
import type { Driver, Environment, Instance, InstanceStatus } from '../kit/definition.ts';
import { faultPoint } from '../kit/faults.ts';
import { makeName } from '../kit/secrets.ts';
import { PLANS, type SqlitePlan } from './offering.ts';

/** What SQLite has beside a database. */
const SUFFIXES = ['', '-wal', '-shm', '-journal'];

export function openSqlite({ directory }: Environment): Driver {
  const folder = join(directory, 'files');
  const fileOf = ({ facts }: Instance): string => join(folder, `${String(facts['file'])}.db`);
  const sizeOf = (instance: Instance): number =>
    // Shared memory is not storage.
    ['', '-wal'].reduce((sum, suffix) => sum + (facts(fileOf(instance) + suffix)?.size ?? 0), 0);

  return {
    start: async () => void mkdirSync(folder, { recursive: true, mode: 0o700 }),
    stop: async () => undefined,
    unavailable: async () => undefined,
    // 128 random bits: who has the name may have the file.
    prepareInstance: () => ({ file: makeName('') }),
    provision: async (instance) => {
      // An empty file is an empty database (sqlite.org/fileformat2.html).
      closeSync(openSync(fileOf(instance), 'a', 0o600));
      faultPoint('provision.file');
    },
    refuseUpdate: async (instance, planId) => {
      const size = sizeOf(instance);
      const { maxBytes, name } = planOf(planId);
      return size > maxBytes
        ? `It has ${bytesText(size)}, and plan ${name} allows ${bytesText(maxBytes)}: delete something and run VACUUM first, or choose a larger plan.`
        : undefined;
    },
    // The limit is in the credentials.
    update: async () => undefined,
    deprovision: async (instance) => {
      for (const suffix of SUFFIXES) {
        rmSync(fileOf(instance) + suffix, { force: true, maxRetries: 5 });
        faultPoint(`deprovision.file${suffix}`);
      }
      return undefined;
    },
    prepareBinding: () => ({ facts: {}, secret: '' }),
    bind: async () => undefined,
    unbind: async () => undefined,
    access: (instance) => ({
      credentials: {
        uri: `sqlite:${String(instance.facts['file'])}`,
        max_bytes: planOf(instance.planId).maxBytes,
      },
    }),
    status: async (instance) => statusOf(sizeOf(instance), planOf(instance.planId)),
  };
}

function facts(file: string): Stats | undefined {
  return statSync(file, { throwIfNoEntry: false });
}

function planOf(planId: string): SqlitePlan {
  const plan = PLANS.find(({ id }) => id === planId);
  if (!plan) throw new Error('The plan is not one of this broker.');
  return plan;
}

function statusOf(used: number, { maxBytes }: SqlitePlan): InstanceStatus {
  return {
    storage: { used, limit: maxBytes },
    details: {},
    warnings: used > maxBytes * 0.9 ? ['The file is nearly as large as the plan allows.'] : [],
  };
}
