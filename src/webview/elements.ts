// The elements of @vscode-elements/elements that pages use, and what those lack for screen readers.

import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-checkbox/index.js';
import '@vscode-elements/elements/dist/vscode-single-select/index.js';
import '@vscode-elements/elements/dist/vscode-textarea/index.js';
import '@vscode-elements/elements/dist/vscode-textfield/index.js';
import { noChange } from 'lit';
import { AsyncDirective, directive } from 'lit/async-directive.js';
import type { ElementPart } from 'lit/directive.js';

interface Description {
  readonly label: string;
  /** Read after the label. */
  readonly description?: string | undefined;
  readonly invalid?: boolean | undefined;
  readonly required?: boolean | undefined;
}

/** Inside of what these elements have as their field; a description by id cannot go through their shadow. */
const FIELDS = 'input, textarea, [role="combobox"]';

class Describe extends AsyncDirective {
  override render(_description: Description): typeof noChange {
    return noChange;
  }

  override update({ element }: ElementPart, [description]: [Description]): typeof noChange {
    void apply(element, description);
    return noChange;
  }
}

/** As an element's part: gives its inner field a name, a description and whether it is valid. */
export const describe = directive(Describe);

async function apply(
  element: Element,
  { label, description, invalid, required }: Description,
): Promise<void> {
  const host = element as Element & { label?: string; updateComplete?: Promise<unknown> };
  if (element.localName !== 'vscode-checkbox') host.label = label;
  await host.updateComplete;
  const field = element.shadowRoot?.querySelector(FIELDS);
  if (!field) return;
  set(field, 'aria-label', label);
  set(field, 'aria-description', description || undefined);
  set(field, 'aria-invalid', invalid ? 'true' : undefined);
  set(field, 'aria-required', required ? 'true' : undefined);
}

function set(field: Element, name: string, value: string | undefined): void {
  if (value === undefined) field.removeAttribute(name);
  else if (field.getAttribute(name) !== value) field.setAttribute(name, value);
}
