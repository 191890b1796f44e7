// What is loaded when somebody wants binding code, or programs that run with add-ons. It is a bundle of its own
// (esbuild.mjs), so import it as `await import('./bindings.ts')` and take no more than types of it anywhere else.

import * as vscode from 'vscode';
import type { App } from '../app.ts';
import type { Connections } from '../connections/connections.ts';
import type { Projects } from '../projects.ts';
import { BindingCode } from './binding-code.ts';
import { Environments } from './environments.ts';
import { FindAddons } from './find-addons.ts';
import { Maker } from './maker.ts';
import { Offers } from './offers.ts';
import { RunWith, type OpenTerminal } from './run-with.ts';
import { Uses } from './uses.ts';
import { vscodeCode } from './vscode-code.ts';

export { withAddons } from './debugging.ts';
export { ProgramTerminal } from './program-terminal.ts';

export interface BindingsNeeds {
  readonly app: App;
  readonly connections: Connections;
  readonly projects: Projects;
}

export interface Rooms {
  readonly code: BindingCode;
  readonly environments: Environments;
  readonly uses: Uses;
  readonly offers: Offers;
  readonly running: RunWith;
}

export function createRooms({ app, connections, projects }: BindingsNeeds): Rooms {
  const maker = new Maker(app, vscodeCode);
  const find = new FindAddons({ app, connections, projects });
  const code = new BindingCode({ app, find, maker, code: vscodeCode });
  const environments = new Environments(app, connections);
  return {
    code,
    environments,
    uses: new Uses({ app, find, maker, code: vscodeCode }),
    offers: new Offers({ app, connections, find, maker, code }),
    running: new RunWith({ app, projects, environments, openTerminal }),
  };
}

/** Not one that VS Code keeps for its next start: what it keeps, it writes to the disk. */
const openTerminal: OpenTerminal = ({ name, cwd, env, command }) => {
  const terminal = vscode.window.createTerminal({ name, cwd, env: { ...env }, isTransient: true });
  terminal.show();
  if (command !== undefined) terminal.sendText(command);
};
