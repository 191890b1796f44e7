// What is published, and how: what menus, tasks and "Publish…" say, completed by the settings.

import type { Bump } from '../../hippofacts/bump.ts';
import type { Versioning } from '../../publish/version.ts';
import type { App } from '../app.ts';
import type { Project } from '../projects.ts';

/** A project with a HIPPOFACTS, or a module that stands for itself. */
export interface Target extends Project {
  readonly kind: 'project' | 'module';
}

export interface Wish {
  readonly versioning?: Versioning | undefined;
  /** Raises the version in HIPPOFACTS. */
  readonly bump?: Bump | undefined;
  /** Name or id, where several apps have these bindles. */
  readonly app?: string | undefined;
  /** Name or id of the one channel to publish to. */
  readonly channel?: string | undefined;
  /** Name of a connection; the current one if absent. */
  readonly connection?: string | undefined;
  /** Name of the task that builds, or `none`; undefined: as the settings say, or as was chosen before. */
  readonly build?: string | undefined;
}

/** A wish that says how versions are made. */
export type FullWish = Wish & { readonly versioning: Versioning };

export function complete(wish: Wish, target: Target, settings: App['settings']): FullWish {
  const mode = settings.get('hippo.publish.mode', target.uri);
  return { ...wish, versioning: wish.versioning ?? (mode === 'production' ? 'production' : 'dev') };
}

/** `development build`, `production`. */
export function modeText(versioning: Versioning): string {
  return versioning === 'dev' ? 'development build' : 'production';
}
