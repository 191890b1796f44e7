// Asks for the parameters that a plan takes, one after the other, by its JSON schema.

import type { AddonsClient } from '../../addons/client.ts';
import type { PlanItem } from '../../addons/offerings.ts';
import { visible } from '../../hippofacts/text.ts';
import type { Choice, Prompts, Separator, Step } from '../app.ts';
import { EditorError } from '../failure.ts';

/** A property of the schema, as far as it can be asked for. */
export interface Parameter {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  /** Of JSON schema; undefined where it is not one of these alone: then it is asked for as JSON. */
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | undefined;
  readonly choices: readonly unknown[] | undefined;
  readonly fallback: unknown;
  readonly isRequired: boolean;
  readonly isSecret: boolean;
}

interface Asking {
  readonly prompts: Prompts;
  readonly addons: Pick<AddonsClient, 'checkParameters'>;
  readonly title: string;
  readonly plan: Pick<PlanItem, 'id' | 'schemas'>;
  readonly step: 'create' | 'update' | 'bind';
  /** Of the first question. */
  readonly steps: Step;
}

type Values = Record<string, unknown>;

/** How many questions are to come at least. */
export function countQuestions(schema: unknown): number {
  const parameters = readParameters(schema);
  const required = parameters.filter(({ isRequired }) => isRequired).length;
  return required + (required < parameters.length ? 1 : 0);
}

/**
 * @returns undefined where the plan takes none, or none was given
 * @throws Cancelled, HippoError, EditorError `BAD_PARAMETERS`
 */
export async function askParameters(asking: Asking): Promise<Values | undefined> {
  const { addons, plan, step, prompts } = asking;
  const parameters = readParameters(plan.schemas[step]);
  if (parameters.length === 0) return undefined;
  const values: Values = {};
  const { of } = asking.steps;
  let at = asking.steps.step;
  for (const parameter of parameters.filter(({ isRequired }) => isRequired))
    await askInto(asking, values, parameter, { step: at++, of });
  const optional = parameters.filter(({ isRequired }) => !isRequired);
  if (optional.length > 0) await askOptional(asking, values, optional, { step: at, of });
  for (;;) {
    // Patterns and what else a schema can say are the platform's to check.
    const [problem] = await addons.checkParameters(plan.id, { step, parameters: values });
    if (!problem) return Object.keys(values).length === 0 ? undefined : values;
    const name = decodeURIComponent(problem.path.split('/')[1] ?? '')
      .replaceAll('~1', '/')
      .replaceAll('~0', '~');
    const parameter = parameters.find((one) => one.name === name);
    const message = visible(problem.message);
    if (!parameter) throw new EditorError('BAD_PARAMETERS', `The parameters do not fit: ${message}`);
    void prompts.notify('warning', `${parameter.label}: ${message}`);
    await askInto(asking, values, parameter, { step: at, of });
  }
}

/** What of a schema can be asked for; brokers write them, so that anything may stand there. */
export function readParameters(schema: unknown): Parameter[] {
  const { properties, required } = objectOf(schema);
  const names = new Set(Array.isArray(required) ? required : []);
  return Object.entries(objectOf(properties)).flatMap(([name, value]) => {
    const property = objectOf(value);
    const types = [property['type']].flat().filter((type) => type !== 'null');
    const [type] = types;
    const known = ['string', 'number', 'integer', 'boolean'] as const;
    const choices = Array.isArray(property['enum']) ? (property['enum'] as unknown[]) : undefined;
    // It is what it is.
    if ('const' in property && !names.has(name)) return [];
    return [
      {
        name,
        label: visible(textOf(property['title']) ?? name),
        description: visible(textOf(property['description']) ?? ''),
        type: types.length === 1 ? known.find((one) => one === type) : undefined,
        choices: 'const' in property ? [property['const']] : choices,
        fallback: property['default'],
        isRequired: names.has(name),
        isSecret: property['format'] === 'password' || property['writeOnly'] === true,
      },
    ];
  });
}

/** What was typed, as the schema wants it. @returns a `problem` in one sentence where it is not */
export function parseParameter(
  { type }: Pick<Parameter, 'type'>,
  text: string,
): { value: unknown } | { problem: string } {
  if (type === 'string') return { value: text };
  if (type === 'integer' || type === 'number') {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) return { problem: 'Type a number.' };
    if (type === 'integer' && !Number.isInteger(value)) return { problem: 'Type a whole number.' };
    return { value };
  }
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { problem: 'Write it as JSON: "text", 1, true, [1, 2] or {"key": "value"}.' };
  }
}

async function askInto(asking: Asking, values: Values, parameter: Parameter, steps: Step): Promise<void> {
  const { prompts, title } = asking;
  const { name, label, description, type, choices, isSecret } = parameter;
  const before = name in values ? values[name] : parameter.fallback;
  const placeholder = description === '' ? label : `${label}: ${description}`;
  const offered = choices ?? (type === 'boolean' ? [true, false] : undefined);
  if (offered) {
    values[name] = await prompts.pick(
      offered.map((value) => ({
        label: typeof value === 'string' ? visible(value) : JSON.stringify(value),
        ...(value === parameter.fallback ? { description: 'default' } : {}),
        value,
      })),
      { title, placeholder, active: before, steps },
    );
    return;
  }
  const text = await prompts.input({
    title,
    prompt: placeholder,
    value:
      before === undefined || isSecret
        ? undefined
        : typeof before === 'string'
          ? before
          : JSON.stringify(before),
    password: isSecret,
    steps,
    check: (typed) => {
      const parsed = parseParameter(parameter, typed);
      return 'problem' in parsed ? parsed.problem : undefined;
    },
  });
  const parsed = parseParameter(parameter, text);
  if ('value' in parsed) values[name] = parsed.value;
}

/** One list, which comes again until somebody goes on. */
async function askOptional(
  asking: Asking,
  values: Values,
  parameters: readonly Parameter[],
  steps: Step,
): Promise<void> {
  for (;;) {
    const choices: (Choice<Parameter | undefined> | Separator)[] = [
      { label: 'Go On', description: 'with these parameters', value: undefined },
      { separator: 'optional parameters' },
      ...parameters.map((parameter) => ({
        label: parameter.label,
        description: shownValue(parameter, values),
        detail: parameter.description,
        value: parameter,
      })),
    ];
    const chosen = await asking.prompts.pick(choices, {
      title: asking.title,
      placeholder: 'Go on, or set a parameter first',
      steps,
    });
    if (!chosen) return;
    await askInto(asking, values, chosen, steps);
  }
}

function shownValue({ name, fallback, isSecret }: Parameter, values: Values): string {
  if (name in values) return isSecret ? '••••••' : visible(JSON.stringify(values[name]));
  return fallback === undefined ? 'not set' : `not set: ${visible(JSON.stringify(fallback))}`;
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
