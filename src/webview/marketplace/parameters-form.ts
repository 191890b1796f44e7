// A form for the parameters of a plan: what is wrong is said while typing, by the page and, for patterns and all else
// that it does not know, by the platform.

import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { repeat } from 'lit/directives/repeat.js';
import type { ParameterProblems } from '../../addons/offerings.ts';
import { describe } from '../elements.ts';
import { icon } from '../page.ts';
import { fill } from './field-values.ts';
import { fieldsOf, flat, typeOf, type Entries, type Field } from './fields.ts';

/** Keys are pressed faster than anybody wants to be told. */
const QUIET = 400;

interface FormPorts {
  /** Asks the platform; what it throws is nobody's: it is asked again when the form is sent. */
  check(parameters: Record<string, unknown>): Promise<ParameterProblems>;
  /** Something has to be drawn again. */
  changed(): void;
}

export class ParametersForm {
  readonly #ports: FormPorts;
  readonly #id: string;
  #schema: unknown = undefined;
  #fields: readonly Field[] = [];
  #entries: Entries;
  #touched = new Set<string>();
  #sent = false;
  /** The platform's, of what was put in then. */
  #remote: { of: string; problems: ReadonlyMap<string, string> } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param id unique in the page */
  constructor(id: string, ports: FormPorts, entries: Entries = {}) {
    this.#id = id;
    this.#ports = ports;
    this.#entries = entries;
  }

  /** What another plan takes; what was put in for the same names stays. */
  set schema(schema: unknown) {
    if (JSON.stringify(schema) === JSON.stringify(this.#schema)) return;
    this.#schema = schema;
    this.#fields = fieldsOf(schema);
    this.#remote = undefined;
  }

  get empty(): boolean {
    return this.#fields.length === 0;
  }

  /** What may be kept: no secrets. */
  get entries(): Entries {
    const secret = new Set(flat(this.#fields).flatMap(({ secret, pointer }) => (secret ? pointer : [])));
    return Object.fromEntries(Object.entries(this.#entries).filter(([pointer]) => !secret.has(pointer)));
  }

  /** The parameters, or undefined where something is wrong, which is shown then and has the focus. */
  async submit(): Promise<Record<string, unknown> | undefined> {
    this.#sent = true;
    const { parameters, problems } = fill(this.#fields, this.#entries);
    if (problems.size === 0 && this.#fields.length > 0) await this.#ask();
    const wrong = this.#problems();
    this.#ports.changed();
    if (wrong.size === 0) return parameters;
    setTimeout(() => this.#focus([...wrong.keys()][0] ?? ''), 50);
    return undefined;
  }

  view(): TemplateResult | typeof nothing {
    if (this.#fields.length === 0) return nothing;
    const problems = this.#problems();
    const general = problems.get('');
    const shown = new Set(flat(this.#fields).map(({ pointer }) => pointer));
    return html`<div class="fields" id=${this.#id}>
      ${repeat(
        this.#fields,
        ({ pointer }) => pointer,
        (field) => this.#field(field, problems),
      )}
      ${
        general !== undefined && !shown.has('')
          ? html`<p class="problem">${icon('error')}<span>${general}</span></p>`
          : nothing
      }
    </div>`;
  }

  #field(field: Field, problems: ReadonlyMap<string, string>): TemplateResult {
    const { kind, label, description, pointer, required } = field;
    if (kind === 'group')
      return html`<fieldset class="field-group">
        <legend>${label}</legend>
        ${description === '' ? nothing : html`<p class="hint">${description}</p>`}
        ${repeat(
          field.fields,
          (one) => one.pointer,
          (one) => this.#field(one, problems),
        )}
      </fieldset>`;
    const problem = problems.get(pointer);
    const hints = [description, hintOf(field)].filter((text) => text !== '');
    const about = describe({
      label,
      description: [problem ?? '', ...hints].filter((text) => text !== '').join(' '),
      invalid: problem !== undefined,
      required,
    });
    return html`<div class="field" data-pointer=${pointer}>
      <div class="field-label" aria-hidden="true">
        ${label}${required ? html`<span class="required"> *</span>` : nothing}
      </div>
      ${
        kind === 'boolean' || hints.length === 0
          ? nothing
          : html`<p class="hint" aria-hidden="true">${hints.join(' ')}</p>`
      }
      ${this.#control(field, problem !== undefined, about, hints.join(' '))}
      ${
        problem === undefined ? nothing : html`<p class="problem">${icon('error')}<span>${problem}</span></p>`
      }
    </div>`;
  }

  #control(field: Field, invalid: boolean, about: unknown, hint: string): TemplateResult {
    const { kind, pointer, schema, choices, secret, label } = field;
    const entry = this.#entries[pointer];
    const text = typeof entry === 'string' ? entry : '';
    const onText = ({ currentTarget }: Event): void =>
      this.#put(pointer, (currentTarget as HTMLInputElement).value);
    const onLeave = (): void => this.#touch(pointer);
    if (kind === 'boolean') {
      const on = typeof entry === 'boolean' ? entry : schema['default'] === true;
      return html`<vscode-checkbox
        .checked=${live(on)}
        ${about}
        @change=${({ currentTarget }: Event) =>
          this.#put(pointer, (currentTarget as HTMLInputElement).checked)}
        >${hint === '' ? label : hint}</vscode-checkbox
      >`;
    }
    if (kind === 'fixed') return html`<code>${choices[0]?.label ?? ''}</code>`;
    if (kind === 'choice') {
      const standard = choices.find(({ value }) => value === schema['default'])?.label;
      return html`<vscode-single-select
        .value=${text}
        ?invalid=${invalid}
        ${about}
        @change=${onText}
        @blur=${onLeave}
      >
        <vscode-option value="" ?selected=${text === ''}
          >${standard === undefined ? 'Not chosen' : `${standard} (default)`}</vscode-option
        >
        ${choices.map(
          ({ label: one }, index) =>
            html`<vscode-option value=${String(index)} ?selected=${text === String(index)}
              >${one}</vscode-option
            >`,
        )}
      </vscode-single-select>`;
    }
    if (kind === 'list' || kind === 'json')
      return html`<vscode-textarea
        rows=${kind === 'list' ? 3 : 5}
        resize="vertical"
        ?monospace=${kind === 'json'}
        .value=${live(text)}
        placeholder=${kind === 'list' ? '' : '{}'}
        ?invalid=${invalid}
        ${about}
        @input=${onText}
        @blur=${onLeave}
      ></vscode-textarea>`;
    return html`<vscode-textfield
      type=${secret ? 'password' : 'text'}
      .value=${live(text)}
      placeholder=${placeholderOf(field)}
      ?invalid=${invalid}
      ${about}
      @input=${onText}
      @blur=${onLeave}
    ></vscode-textfield>`;
  }

  #put(pointer: string, entry: string | boolean): void {
    this.#entries = { ...this.#entries, [pointer]: entry };
    this.#touched.add(pointer);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#ask().then(() => this.#ports.changed()), QUIET);
    this.#ports.changed();
  }

  #touch(pointer: string): void {
    if (this.#touched.has(pointer)) return;
    // Who only passes through is not told what is missing.
    if (this.#entries[pointer] === undefined) return;
    this.#touched.add(pointer);
    this.#ports.changed();
  }

  async #ask(): Promise<void> {
    const { parameters, problems } = fill(this.#fields, this.#entries);
    // What the page knows to be wrong need not be asked about.
    if ([...problems.values()].some((text) => text !== 'It is required.')) return;
    const of = JSON.stringify(this.#entries);
    try {
      const answer = await this.#ports.check(parameters);
      if (of !== JSON.stringify(this.#entries)) return;
      this.#remote = { of, problems: this.#placed(answer) };
    } catch {
      // The platform checks again what it is sent.
    }
  }

  /** Each problem at the field that is nearest to it. */
  #placed({ problems }: ParameterProblems): Map<string, string> {
    const pointers = new Set(flat(this.#fields).map(({ pointer }) => pointer));
    const placed = new Map<string, string>();
    for (const { path, message } of problems) {
      let at = path;
      while (at !== '' && !pointers.has(at)) at = at.slice(0, at.lastIndexOf('/'));
      if (!placed.has(at)) placed.set(at, message);
    }
    return placed;
  }

  /** What is shown as wrong: nothing about fields that nobody has been at, until the form is sent. */
  #problems(): Map<string, string> {
    const { problems } = fill(this.#fields, this.#entries);
    const remote =
      this.#remote?.of === JSON.stringify(this.#entries) ? this.#remote.problems : new Map<string, string>();
    const all = new Map<string, string>();
    for (const { pointer } of flat(this.#fields)) {
      const problem = problems.get(pointer) ?? remote.get(pointer);
      if (problem !== undefined && (this.#sent || this.#touched.has(pointer))) all.set(pointer, problem);
    }
    const general = remote.get('');
    if (general !== undefined && problems.size === 0) all.set('', general);
    return all;
  }

  #focus(pointer: string): void {
    const field = [...document.querySelectorAll<HTMLElement>(`#${this.#id} .field`)].find(
      (one) => one.dataset['pointer'] === pointer,
    );
    const control = field?.querySelector<HTMLElement>(
      'vscode-textfield, vscode-textarea, vscode-single-select, vscode-checkbox',
    );
    control?.focus();
    field?.scrollIntoView({ block: 'nearest' });
  }
}

/** The range that a number may have. */
function hintOf({ kind, schema }: Field): string {
  if (kind === 'list') return 'One on each line.';
  if (kind === 'json') return 'As JSON.';
  if (kind !== 'number' && kind !== 'integer') return '';
  const { minimum, maximum } = schema;
  if (typeof minimum === 'number' && typeof maximum === 'number') return `From ${minimum} to ${maximum}.`;
  if (typeof minimum === 'number') return `${minimum} or more.`;
  return typeof maximum === 'number' ? `${maximum} or less.` : '';
}

function placeholderOf({ schema }: Field): string {
  const value = schema['default'];
  if (typeof value === 'string' || typeof value === 'number') return `Default: ${value}`;
  return typeOf(schema) === 'string' &&
    Array.isArray(schema['examples']) &&
    typeof schema['examples'][0] === 'string'
    ? `For example ${schema['examples'][0]}`
    : '';
}
