// "Add Handler to HIPPOFACTS" of a module in the Explorer.

import { dirname, posix, relative, sep } from 'node:path';
import type { Range } from '../../hippofacts/position.ts';
import { applyEdits } from '../../hippofacts/text-edit.ts';
import type { App } from '../app.ts';
import { EditorError } from '../failure.ts';
import type { ResourceLike } from '../ids.ts';
import type { Projects } from '../projects.ts';
import type { Texts } from './texts.ts';
import type { Analysis } from './watched-project.ts';

export class AddHandler {
  readonly #app: Pick<App, 'prompts'>;
  readonly #projects: Pick<Projects, 'around'>;
  readonly #analysis: () => Promise<Analysis>;
  readonly #texts: Texts;

  constructor(
    app: Pick<App, 'prompts'>,
    projects: Pick<Projects, 'around'>,
    analysis: () => Promise<Analysis>,
    texts: Texts,
  ) {
    this.#app = app;
    this.#projects = projects;
    this.#analysis = analysis;
    this.#texts = texts;
  }

  /**
   * Adds one to the nearest HIPPOFACTS, unless there is one, and shows it.
   * @throws EditorError `NO_PROJECT`, `NO_MODULE`, `NOT_EDITED`
   */
  async add(module: ResourceLike | undefined): Promise<void> {
    if (!module) throw new EditorError('NO_MODULE', 'Choose this in the menu of a .wasm file.');
    const project = await this.#projects.around(module.toString());
    const label = posix.basename(decodeURIComponent(module.toString()));
    if (!project)
      throw new EditorError(
        'NO_PROJECT',
        `There is no HIPPOFACTS in the folder of ${label} or above it: add one to the folder of your app first.`,
      );
    const { addHandler, entriesOf, parseManifest } = await this.#analysis();
    const name = relative(dirname(project.file), module.fsPath).replaceAll(sep, '/');
    const text = await this.#texts.read(project.uri);
    const handlerIn = (after: string): { range: Range; route: Range | undefined } | undefined => {
      const found = entriesOf(parseManifest(after)).find((entry) => plain(entry.name?.value) === name);
      return (
        found && { range: found.range, route: found.kind === 'handler' ? found.route?.range : undefined }
      );
    };
    const there = handlerIn(text);
    if (there) {
      this.#app.prompts.mention(`${label} is in HIPPOFACTS already`);
      return this.#texts.show(project.uri, there.range);
    }
    const edit = addHandler(parseManifest(text), name);
    if (!edit || !(await this.#texts.edit(project.uri, [edit])))
      throw new EditorError(
        'NOT_EDITED',
        edit
          ? `The HIPPOFACTS of ${project.label} could not be changed.`
          : `The handlers in the HIPPOFACTS of ${project.label} are one list: write them as [[handler]] tables first.`,
      );
    const added = handlerIn(applyEdits(text, [edit]));
    await this.#texts.show(project.uri, added?.route ?? added?.range ?? edit.range);
  }
}

function plain(name: string | undefined): string | undefined {
  return name === undefined ? undefined : posix.normalize(name);
}
