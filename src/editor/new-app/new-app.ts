// "New App…": asks for a template, a name and a place, makes the app there, and brings the person to it.

import { basename, join, posix, relative, isAbsolute, sep } from 'node:path';
import { nameProblem } from '../../bindle/id.ts';
import type { Template } from '../../hippofacts/templates.ts';
import type { App, Choice, Separator } from '../app.ts';
import type { Core } from '../connections/connections.ts';
import { EditorError } from '../failure.ts';
import type { NewAppOrigin } from '../ids.ts';
import type { Arrival } from './arrival.ts';
import type { Folders } from './folders.ts';

const TITLE = 'New App';
const STEPS = 3;

export interface NewAppNeeds {
  readonly app: Pick<App, 'prompts' | 'workspace' | 'log' | 'extension'>;
  readonly core: () => Promise<Core>;
  readonly folders: Folders;
  readonly arrival: Arrival;
}

export class NewApp {
  readonly #needs: NewAppNeeds;

  constructor(needs: NewAppNeeds) {
    this.#needs = needs;
  }

  /** @throws EditorError `NOT_EMPTY`, `NOT_A_FOLDER`; errors of the file system; Cancelled */
  async make(origin?: NewAppOrigin): Promise<void> {
    const { app, arrival } = this.#needs;
    const template = await this.#askTemplate();
    const name = await this.#askName();
    const folder = await this.#askPlace(posix.basename(name));
    await this.#create(template, name, folder);
    app.log.info(`Made the app ${name} in ${folder}, from the template ${template.id}`);
    const made = { folder, name, main: template.main, needs: template.needs, origin };
    if (app.workspace.folders.some(({ path }) => isInside(folder, path))) return arrival.show(made);
    await this.#bringTo(made);
  }

  #askTemplate(): Promise<Template> {
    const choices = async (): Promise<Choice<Template>[]> => {
      const { TEMPLATES } = await this.#needs.core();
      return TEMPLATES.map((template) => ({
        label: template.label,
        description: template.description,
        detail: template.needs,
        value: template,
      }));
    };
    return this.#needs.app.prompts.pick(choices(), {
      title: TITLE,
      placeholder: 'In which language?',
      steps: { step: 1, of: STEPS },
    });
  }

  #askName(): Promise<string> {
    return this.#needs.app.prompts.input({
      title: TITLE,
      prompt: 'What is it called? Its bindle and its folder get this name',
      placeholder: 'weather',
      steps: { step: 2, of: STEPS },
      check: (text) => {
        const problem = nameProblem(text);
        return problem === undefined ? undefined : `This cannot be its name: ${problem}.`;
      },
    });
  }

  /** The folder that it is made in; it is not there, or empty. */
  async #askPlace(called: string): Promise<string> {
    const { workspace, prompts } = this.#needs.app;
    if (workspace.folders.length === 0) return this.#askFolder(called);
    const choices: (Choice<string | undefined> | Separator)[] = [];
    for (const { name, path } of workspace.folders) {
      if (await this.#isEmpty(path))
        choices.push({ label: `$(folder) ${name}`, description: 'which is empty', value: path });
      choices.push({
        label: `$(new-folder) ${called}`,
        description: `in ${name}`,
        value: join(path, called),
      });
    }
    const place = await prompts.pick<string | undefined>(
      [
        ...choices,
        { separator: 'elsewhere' },
        { label: '$(folder-opened) Choose a Folder…', value: undefined },
      ],
      { title: TITLE, placeholder: 'Where?', steps: { step: 3, of: STEPS } },
    );
    return place ?? this.#askFolder(called);
  }

  async #askFolder(called: string): Promise<string> {
    const chosen = await this.#needs.folders.choose(
      `Where Should the Folder "${called}" Be Made?`,
      'Create Here',
    );
    // Whoever has just made the folder in the dialog wants no other one in it.
    return basename(chosen) === called && (await this.#isEmpty(chosen)) ? chosen : join(chosen, called);
  }

  async #isEmpty(folder: string): Promise<boolean> {
    const { inTheWay } = await this.#needs.core();
    return inTheWay(folder).then(
      (names) => names.length === 0,
      () => false,
    );
  }

  async #create(template: Template, name: string, folder: string): Promise<void> {
    const { createProject, gitAuthor } = await this.#needs.core();
    const author = await gitAuthor();
    const authors = author === undefined ? [] : [author];
    try {
      await createProject(this.#needs.app.extension.path('scaffold'), { template, folder, name, authors });
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      if (code !== 'NOT_EMPTY' && code !== 'NOT_A_FOLDER') throw error;
      throw new EditorError(code, message, { remedies: ['retry'], cause: error });
    }
  }

  async #bringTo(made: Parameters<Arrival['show']>[0]): Promise<void> {
    const { app, arrival, folders } = this.#needs;
    type Way = 'here' | 'elsewhere' | 'add';
    const way =
      app.workspace.folders.length === 0
        ? 'here'
        : await app.prompts.pick<Way>(
            [
              { label: 'Open It', description: 'in this window', value: 'here' },
              { label: 'Open It in a New Window', value: 'elsewhere' },
              { label: 'Add It to the Workspace', value: 'add' },
            ],
            { title: TITLE, placeholder: `${made.name} is made, in ${made.folder}` },
          );
    await arrival.expect(made);
    await (way === 'add' ? folders.add(made.folder) : folders.open(made.folder, way));
  }
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
