// A workspace in memory, and wishes for binding code in it.

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BindingPlan, BindingWish, BoundAddon, WorkspaceTexts } from '../../../src/bindings/plan.ts';
import { planBinding } from '../../../src/bindings/plan-binding.ts';
import { loadTemplates, type BindingTemplates } from '../../../src/bindings/templates.ts';
import { applyEdits } from '../../../src/hippofacts/text-edit.ts';

export const SCAFFOLD = fileURLToPath(new URL('../../../scaffold', import.meta.url));
export const ROOT = path.resolve('/work-space');

let loaded: Promise<BindingTemplates> | undefined;

export function templates(): Promise<BindingTemplates> {
  return (loaded ??= loadTemplates(SCAFFOLD));
}

export const POSTGRESQL: BoundAddon = {
  name: 'postgresql',
  offering: 'postgresql',
  displayName: 'PostgreSQL',
  plan: 'free',
  app: 'shop',
  channel: 'development',
  interfaces: ['sql'],
  variables: ['POSTGRESQL_URL', 'POSTGRESQL_HOST'],
};
export const REDIS: BoundAddon = {
  ...POSTGRESQL,
  name: 'my-cache',
  offering: 'redis',
  displayName: 'Redis',
  interfaces: ['kv'],
  variables: ['MY_CACHE_URL'],
};
export const SQLITE: BoundAddon = {
  ...POSTGRESQL,
  name: 'file',
  offering: 'sqlite',
  displayName: 'SQLite',
  interfaces: ['sql', 'kv'],
  variables: [],
};
export const MAIL: BoundAddon = {
  ...POSTGRESQL,
  name: 'mail',
  offering: 'mail-relay',
  displayName: 'Mail */ relay\n',
  plan: 'small',
  interfaces: [],
  variables: ['MAIL_HOST', 'MAIL_API_KEY'],
};

export class Workspace implements WorkspaceTexts {
  readonly files = new Map<string, string>();

  constructor(files: Record<string, string>) {
    for (const [name, text] of Object.entries(files)) this.files.set(path.join(ROOT, name), text);
  }

  read(file: string): Promise<string | undefined> {
    return Promise.resolve(this.files.get(file));
  }

  find(folder: string, names: readonly string[]): Promise<string[]> {
    return Promise.resolve(
      [...this.files.keys()].filter(
        (file) =>
          file.startsWith(folder + path.sep) &&
          names.some((name) =>
            name.startsWith('*') ? file.endsWith(name.slice(1)) : path.basename(file) === name,
          ),
      ),
    );
  }

  text(name: string): string {
    return this.files.get(path.join(ROOT, name)) ?? '';
  }

  names(): string[] {
    return [...this.files.keys()].map((file) => path.relative(ROOT, file)).sort();
  }

  /** Plans, and does it. Throws where two changes are of one file, or a new one is there. */
  async add(wish: Partial<BindingWish> & Pick<BindingWish, 'language'>): Promise<BindingPlan> {
    const plan = await this.plan(wish);
    const changed = new Set<string>();
    for (const change of plan.changes) {
      if (changed.has(change.path)) throw new Error(`${change.path} changes twice.`);
      changed.add(change.path);
      const before = this.files.get(change.path);
      if ((change.type === 'create') !== (before === undefined))
        throw new Error(`${change.path}: ${change.type}`);
      this.files.set(
        change.path,
        change.type === 'create' ? change.text : applyEdits(before ?? '', change.edits),
      );
    }
    return plan;
  }

  async plan(wish: Partial<BindingWish> & Pick<BindingWish, 'language'>): Promise<BindingPlan> {
    const style = wish.style ?? 'host-call';
    return planBinding(
      {
        addon: POSTGRESQL,
        style,
        place: { kind: 'file', path: undefined },
        folder: ROOT,
        hippofacts: this.files.has(path.join(ROOT, 'HIPPOFACTS')) ? path.join(ROOT, 'HIPPOFACTS') : undefined,
        ...wish,
      },
      this,
      await templates(),
    );
  }
}

/** At the first `|` of a text, which is taken out. */
export function atCursor(name: string, marked: string): { text: string; place: BindingWish['place'] } {
  const offset = marked.indexOf('|');
  return {
    text: marked.slice(0, offset) + marked.slice(offset + 1),
    place: { kind: 'cursor', path: path.join(ROOT, name), offset },
  };
}
