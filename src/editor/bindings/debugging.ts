// A debug configuration that asks for add-ons gets their variables when it starts: launch.json holds the name of the
// channel alone.

import { EditorError } from '../failure.ts';
import type { Project } from '../projects.ts';
import type { Environments } from './environments.ts';
import { ADDONS_VARIABLE, isRecord, type DebugConfiguration, type Pair } from './wanted-addons.ts';

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
