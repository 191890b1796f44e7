// Whether a debug configuration asks for add-ons: `"env": { "HIPPO_ADDONS": "shop:dev" }`. VS Code calls an attribute of
// its own in the configuration of somebody else's debugger a mistake; `env` is where all of them have variables.

export const ADDONS_VARIABLE = 'HIPPO_ADDONS';

/** What is known of VS Code's debug configurations. */
export interface DebugConfiguration {
  readonly type: string;
  readonly name: string;
  readonly [key: string]: unknown;
}

export interface Pair {
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

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
