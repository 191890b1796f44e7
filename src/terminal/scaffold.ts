// Where the files of templates lie.

import { fileURLToPath } from 'node:url';

/** Beside the folder of the bundle, in the clone and in both packages. */
export function scaffoldFolder(): string {
  const fromSource = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(fromSource ? '../../scaffold' : '../scaffold', import.meta.url));
}
