// Which app and channel a project is about, as its user has chosen, kept outside of the project for each server.

import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { readPrivate, writePrivate } from '../bindle/private-file.ts';

/** Ids, and names for a server whose state was made anew. */
export interface Choice {
  readonly app: { readonly id: string; readonly name: string };
  readonly channel?: { readonly id: string; readonly name: string };
}

interface Kept {
  /** For people who look into the file. */
  project: string;
  /** By origin of the server. */
  choices: Record<string, Choice>;
}

export class ProjectChoices {
  readonly #folder: string;

  /** @param folder with a file (0600) for each project */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param project its folder @param origin of the Hippo @throws PrivateFileError */
  async get(project: string, origin: string): Promise<Choice | undefined> {
    return (await this.#read(project)).choices[origin];
  }

  /** @throws PrivateFileError */
  async set(project: string, origin: string, choice: Choice): Promise<void> {
    const kept = await this.#read(project);
    kept.choices[origin] = choice;
    await writePrivate(this.#file(kept.project), `${JSON.stringify(kept, null, 2)}\n`);
  }

  async #read(folder: string): Promise<Kept> {
    const project = await realpath(folder).catch(() => folder);
    const empty: Kept = { project, choices: {} };
    try {
      const kept = JSON.parse((await readPrivate(this.#file(project))) ?? '') as Partial<Kept>;
      return typeof kept.choices === 'object' ? { project, choices: kept.choices } : empty;
    } catch (error) {
      // What cannot be read as JSON is as good as nothing; what cannot be read at all is not.
      if (error instanceof SyntaxError) return empty;
      throw error;
    }
  }

  #file(project: string): string {
    return join(this.#folder, `${createHash('sha256').update(project).digest('hex').slice(0, 32)}.json`);
  }
}
