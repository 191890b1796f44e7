// The templates in scaffold/: what a new app can be made from.

import { nearest } from './nearest.ts';
import { ProjectError } from './project-error.ts';
import { quote } from './quote.ts';

export interface Template {
  /** Its folder in scaffold/. */
  readonly id: string;
  /** For people: the language. */
  readonly label: string;
  /** One line. */
  readonly description: string;
  /** What has to be installed to build it, as a sentence. */
  readonly needs: string;
  /** The command line that builds it, in the project's folder. */
  readonly build: string;
  /** The file to look at first, relative to the project with `/`. */
  readonly main: string;
}

export const TEMPLATES: readonly Template[] = [
  {
    id: 'assemblyscript',
    label: 'AssemblyScript',
    description: 'a page, a form and a stylesheet, in a language like TypeScript',
    needs: 'It needs Node and npm.',
    build: 'npm run build',
    main: 'assembly/index.ts',
  },
  {
    id: 'rust',
    label: 'Rust',
    description: 'a page, a form and a stylesheet, without any crates',
    needs: 'It needs Rust, by rustup.',
    build: 'cargo build --release --target wasm32-wasip1',
    main: 'src/main.rs',
  },
];

/** By its id or label, in whatever case. @throws ProjectError `NO_SUCH_TEMPLATE` */
export function findTemplate(name: string): Template {
  const wanted = name.toLowerCase();
  const found = TEMPLATES.find(({ id, label }) => id === wanted || label.toLowerCase() === wanted);
  if (found) return found;
  const ids = TEMPLATES.map(({ id }) => id);
  const near = nearest(name, ids);
  throw new ProjectError(
    'NO_SUCH_TEMPLATE',
    `There is no template ${quote(name)}${near === undefined ? '' : ` (did you mean ${near}?)`}: there are ${ids.join(' and ')}.`,
  );
}
