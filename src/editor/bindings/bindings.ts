// What is loaded when somebody wants binding code: the room that makes it. It is a bundle of its own (esbuild.mjs), so
// import it as `await import('./bindings.ts')`.

export { guess } from '../../bindings/guess.ts';
export { planBinding } from '../../bindings/plan-binding.ts';
export { languages, loadTemplates, stylesFor } from '../../bindings/templates.ts';
export { usesOf, withoutBindingCode } from '../../bindings/uses.ts';
export { annotationOf } from './annotation.ts';
