// A debug configuration that asks for add-ons, `"env": { "HIPPO_ADDONS": "shop:dev" }`, gets their variables when it
// starts: launch.json holds the name of the channel alone. VS Code calls an attribute of its own in the configuration
// of somebody else's debugger a mistake; `env` is where all of them have variables.

import { EditorError } from '../failure.ts';
import type { Project } from '../projects.ts';
import type { Environments } from './environments.ts';

export const ADDONS_VARIABLE = 'HIPPO_ADDONS';

/** What is known of VS Code's debug configurations. */
export interface DebugConfiguration {
  readonly type: string;
  readonly name: string;
  readonly [key: string]: unknown;
}

interface Pair {
  readonly name?: unknown;
  readonly value?: unknown;
}

/** `app:channel`, `channel`, or nothing for the app's only one; undefined if none are asked for. */
export function wantedAddons({ env, environment }: DebugConfiguration): string | undefined {
  const listed = Array.isArray(environment)
    ? (environment as Pair[]).find((one) => one?.name === ADDONS_VARIABLE)?.value
    : undefined;
  const own = isRecord(env) ? env[ADDONS_VARIABLE] : undefined;
  const value = own ?? listed;
  return typeof value === 'string' ? value : undefined;
}

/**
 * @param project whose app is meant
 * @returns the configuration as the debugger gets it, and what a person has to know of it
 * @throws EditorError `BAD_ADDONS`; what Environments.of throws
 */
export async function withAddons(
  configuration: DebugConfiguration,
  wanted: string,
  project: Project | undefined,
  environments: Pick<Environments, 'of'>,
): Promise<{ configuration: DebugConfiguration; note: string | undefined }> {
  const [, app, channel] = /^(?:([^:]+):)?([^:]*)$/.exec(wanted.trim()) ?? [];
  if (channel === undefined)
    throw new EditorError(
      'BAD_ADDONS',
      `${ADDONS_VARIABLE} in "${configuration.name}" is "${wanted}": write "app:channel" or "channel".`,
    );
  const { variables } = await environments.of({
    project,
    program: `"${configuration.name}"`,
    app,
    ...(channel === '' ? {} : { channel }),
  });
  const { env, environment, console: shown, ...rest } = configuration;
  const given: DebugConfiguration = { ...rest, type: configuration.type, name: configuration.name };
  if (Array.isArray(environment)) {
    const others = (environment as Pair[]).filter(({ name }) => name !== ADDONS_VARIABLE);
    const pairs = Object.entries(variables).map(([name, value]) => ({ name, value }));
    return {
      configuration: {
        ...given,
        ...(env === undefined ? {} : { env }),
        ...kept(shown),
        environment: [...pairs, ...others],
      },
      note: undefined,
    };
  }
  const { [ADDONS_VARIABLE]: _, ...others } = isRecord(env) ? env : {};
  // What the configuration sets itself is meant.
  const result = { ...given, env: { ...variables, ...others } };
  if (!isTyped(configuration)) return { configuration: { ...result, ...kept(shown) }, note: undefined };
  return {
    configuration: { ...result, console: 'internalConsole' },
    note:
      shown === undefined || shown === 'internalConsole'
        ? undefined
        : `"${configuration.name}" runs in the debug console: in a terminal, VS Code would write the credentials of add-ons into a command line.`,
  };
}

/** Debuggers that have VS Code start the program in a terminal, and by that type its variables into a command line. */
const TYPING = /^(?:pwa-)?node$|^node-terminal$|^(?:python|debugpy|go)$/;

function isTyped({ type, console: shown }: DebugConfiguration): boolean {
  return TYPING.test(type) || shown === 'integratedTerminal' || shown === 'externalTerminal';
}

function kept(shown: unknown): { console?: unknown } {
  return shown === undefined ? {} : { console: shown };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
