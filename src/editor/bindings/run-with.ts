// "Run with Add-ons…" and a terminal that has them: programs on this machine with the variables of a channel.

import type { App } from '../app.ts';
import type { Project, Projects } from '../projects.ts';
import { folderOf, type AddonEnvironment, type Environments } from './environments.ts';

/** Opens a terminal that VS Code does not keep for its next start, with what it knows. */
export type OpenTerminal = (terminal: {
  readonly name: string;
  readonly cwd: string;
  readonly env: AddonEnvironment['variables'];
  /** Typed into it. */
  readonly command: string | undefined;
}) => void;

interface Needs {
  readonly app: Pick<App, 'memory' | 'prompts'>;
  readonly projects: Pick<Projects, 'choose'>;
  readonly environments: Environments;
  readonly openTerminal: OpenTerminal;
}

const TITLE = 'Run with Add-ons';

export class RunWith {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** A command of the person's, in a terminal. @throws as Environments.of; EditorError `NO_PROJECT`, Cancelled */
  async run(): Promise<void> {
    const { app, projects } = this.#needs;
    const project = await projects.choose(TITLE);
    const command = (
      await app.prompts.input({
        title: TITLE,
        prompt: `The command, in the folder of ${project.label}`,
        placeholder: 'npm start',
        value: app.memory.get('bindings.command'),
        check: (text) => (text.trim() === '' ? 'Type what is to run, as in a terminal.' : undefined),
      })
    ).trim();
    await app.memory.set('bindings.command', command);
    await this.#open(project, command, undefined);
  }

  /** @param channel name or id; asked for where there are several */
  async terminal(channel: string | undefined): Promise<void> {
    await this.#open(await this.#needs.projects.choose('Open Terminal with Add-ons'), undefined, channel);
  }

  async #open(project: Project, command: string | undefined, channel: string | undefined): Promise<void> {
    const { environments, openTerminal } = this.#needs;
    const { variables, where } = await environments.of({
      project,
      channel,
      program: command ?? 'A terminal',
    });
    openTerminal({ name: where, cwd: folderOf(project), env: variables, command });
  }
}
