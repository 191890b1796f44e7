// The environment variables of a channel.

import type { Variable } from '../../hippo/api.ts';
import { EditorError } from '../failure.ts';
import type { CommandNeeds } from './app-commands.ts';
import { variableProblem } from './names.ts';
import { readNodeId } from './nodes.ts';
import { fullName, type ChannelTarget, type Row } from './targets.ts';

export class VariableCommands {
  readonly #needs: CommandNeeds;

  constructor(needs: CommandNeeds) {
    this.#needs = needs;
  }

  /** @param row of a channel or of its variables */
  add(row?: Row): Promise<void> {
    const { app, targets } = this.#needs;
    return targets.channel(row, 'Add Variable', async (target) => {
      const title = `Add Variable to ${fullName(target)}`;
      const key = await app.prompts.input({
        title,
        prompt: 'Name of the variable',
        placeholder: 'DATABASE_URL',
        steps: { step: 1, of: 2 },
        check: (text) => variableProblem(text, target.channel.environmentVariables),
      });
      const value = await app.prompts.input({
        title,
        prompt: promptFor(key),
        steps: { step: 2, of: 2 },
        check: valueProblem,
      });
      await this.#set(target, { key, value });
    });
  }

  /** @param row of a variable */
  edit(row?: Row): Promise<void> {
    const { app, targets } = this.#needs;
    return targets.channel(row, 'Edit Variable', async (target) => {
      const { key, value } = await this.#variable(target, row, 'Edit Variable');
      // A box of one line would join them without a word.
      if (/[\r\n]/.test(value))
        throw new EditorError(
          'SEVERAL_LINES',
          `The value of ${key} has several lines: change it in the terminal with \`hippo env set\`.`,
        );
      const edited = await app.prompts.input({
        title: `Edit Variable of ${fullName(target)}`,
        prompt: promptFor(key),
        value,
        check: valueProblem,
      });
      if (edited !== value) await this.#set(target, { key, value: edited });
    });
  }

  /** @param row of a variable */
  delete(row?: Row): Promise<void> {
    const { app, connections, targets, change } = this.#needs;
    return targets.channel(row, 'Delete Variable', async (target) => {
      const { key } = await this.#variable(target, row, 'Delete Variable');
      await app.prompts.confirm(`Delete the variable ${key}?`, {
        detail: `${fullName(target)} starts anew without it. Its value is lost.`,
        action: 'Delete',
      });
      const core = await connections.core();
      await change(() =>
        core.editVariables(target.session.client, target.channel.id, (variables) =>
          variables.filter((variable) => variable.key !== key),
        ),
      );
      app.prompts.mention(`Deleted ${key}`);
    });
  }

  /** @param row of a variable */
  copyValue(row?: Row): Promise<void> {
    const { app, targets } = this.#needs;
    return targets.channel(row, 'Copy Value', async (target) => {
      const { key, value } = await this.#variable(target, row, 'Copy Value');
      await app.links.copy(value);
      app.prompts.mention(`Copied the value of ${key}`);
    });
  }

  async #set({ session, channel }: ChannelTarget, variable: Variable): Promise<void> {
    const { app, connections, change } = this.#needs;
    const core = await connections.core();
    await change(() =>
      core.editVariables(session.client, channel.id, (variables) =>
        core.withVariables(variables, [variable]),
      ),
    );
    app.prompts.mention(`Set ${variable.key}`);
  }

  async #variable(target: ChannelTarget, row: Row | undefined, title: string): Promise<Variable> {
    const { environmentVariables } = target.channel;
    const { kind, part } = row === undefined ? { kind: undefined, part: '' } : readNodeId(row);
    if (kind === 'variable') {
      const found = environmentVariables.find(({ key }) => key === part);
      if (found) return found;
      throw new EditorError('NO_VARIABLE', `${fullName(target)} no longer has the variable ${part}.`);
    }
    if (environmentVariables.length === 0)
      throw new EditorError('NO_VARIABLE', `${fullName(target)} has no variables.`);
    return this.#needs.app.prompts.pick(
      environmentVariables.map((variable) => ({ label: variable.key, value: variable })),
      { title, placeholder: 'Which variable?' },
    );
  }
}

/** The box has one line, and drops line breaks of what is pasted without a word. */
function promptFor(key: string): string {
  return `Value of ${key}, on one line; \`hippo env set\` takes several`;
}

function valueProblem(text: string): string | undefined {
  return text.length > 32 * 1024 ? 'Use at most 32,768 characters.' : undefined;
}
