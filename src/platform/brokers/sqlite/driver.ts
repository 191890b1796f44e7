// Makes, measures and removes the files of SQLite add-ons. They are read and written by the platform's host call.

import { closeSync, existsSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
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
  const sizeOf = (instance: Instance): number => databaseSize(fileOf(instance));

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
        ? `It has ${bytesText(size)}, and plan ${name} allows ${bytesText(maxBytes)}: delete something first, or choose a larger plan.`
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

/**
 * Bytes of the database. The file may have others: those of what was deleted are in it until its log has been
 * written into it, which may take until something else is written.
 */
function databaseSize(file: string): number {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0 && !existsSync(`${file}-wal`)) return 0;
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const value = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
    return value('page_count') * value('page_size');
  } finally {
    database.close();
  }
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
