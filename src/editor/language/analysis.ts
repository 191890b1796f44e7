// What knows HIPPOFACTS, loaded when the first one is opened: a bundle of its own (esbuild.mjs), so import it as
// `await import('./analysis.ts')`, and take no more than types from these rooms anywhere else.

export { selectRevision } from '../../hippo/rules.ts';
export { Burst } from '../../hippofacts/burst.ts';
export { diagnoseProject } from '../../hippofacts/diagnose-project.ts';
export { actions } from '../../hippofacts/language/actions.ts';
export { addHandler } from '../../hippofacts/language/add-handler.ts';
export { completions } from '../../hippofacts/language/completion.ts';
export { findHandler } from '../../hippofacts/language/find-handler.ts';
export { folds } from '../../hippofacts/language/folds.ts';
export { formatEdits } from '../../hippofacts/language/format.ts';
export { hover } from '../../hippofacts/language/hover.ts';
export { lenses } from '../../hippofacts/language/lenses.ts';
export { definition, links } from '../../hippofacts/language/links.ts';
export { outline } from '../../hippofacts/language/outline.ts';
export { renameEdits } from '../../hippofacts/language/rename-edits.ts';
export { entriesOf, parseManifest } from '../../hippofacts/parse.ts';
export { LineIndex } from '../../hippofacts/position.ts';
export { PROBLEM_CODES } from '../../hippofacts/problem-codes.ts';
export { DiskFacts } from '../../hippofacts/project-facts.ts';
export { namedIn, Reach } from '../../hippofacts/reach.ts';
export { bytesText, count } from '../../hippofacts/text.ts';
export { devVersion, publisher } from '../../publish/version.ts';
