// Binding code as changes of files: imports, the code itself, dependency, guest library, .env.example, HIPPOFACTS.

import type { BindingPlan, BindingWish, WorkspaceTexts } from './plan.ts';
import type { BindingTemplates } from './templates.ts';

/** The wish cannot be fulfilled; nothing was changed. */
export class BindingError extends Error {
  readonly code: 'BINDING_LANGUAGE' | 'BINDING_STYLE' | 'BINDING_FILE';
  readonly hint: string | undefined;
  constructor(code: BindingError['code'], message: string, hint?: string) {
    super(message);
    this.name = 'BindingError';
    this.code = code;
    this.hint = hint;
  }
}

/**
 * What has to change so that code can use an add-on. Once it is done, the same wish changes nothing.
 * @throws BindingError
 */
export function planBinding(
  _wish: BindingWish,
  _texts: WorkspaceTexts,
  _templates: BindingTemplates,
): Promise<BindingPlan> {
  return Promise.resolve({ changes: [], notes: [], reveal: undefined });
}
