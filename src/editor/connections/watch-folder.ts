// Tells of changes in a folder, a moment after the last of them. It may come to be later, and what it lies in, too.

import { existsSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Disposable } from '../disposables.ts';

const QUIET_MS = 100;

export function watchFolder(folder: string, onChange: () => void): Disposable {
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  const close = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onChange, QUIET_MS);
  };
  const on = (path: string, heard: (name: string | null) => void): FSWatcher | undefined => {
    try {
      // A watch is a comfort: without it, what is new is seen when it is used.
      return watch(path, { persistent: false }, (_event, name) => heard(name)).on('error', close);
    } catch {
      return undefined;
    }
  };
  const start = (): void => {
    close();
    if (existsSync(folder)) return void (watcher = on(folder, later));
    // The nearest folder above that is there, until more of the way is.
    let missing = folder;
    while (!existsSync(dirname(missing)) && dirname(missing) !== missing) missing = dirname(missing);
    watcher = on(dirname(missing), (name) => {
      if (name !== basename(missing)) return;
      start();
      later();
    });
    // It may have come in between.
    if (watcher && existsSync(missing)) start();
  };
  start();
  return {
    dispose() {
      clearTimeout(timer);
      close();
    },
  };
}
