// "Find Handler for URL": which handler answers an address, by the routes of HIPPOFACTS.

import type { App } from '../app.ts';
import { EditorError } from '../failure.ts';
import type { Projects } from '../projects.ts';
import type { Texts } from './texts.ts';
import type { Analysis } from './watched-project.ts';

/**
 * Asks for the address and shows the handler.
 * @throws EditorError `NO_PROJECT`, `NO_HANDLER`; Cancelled
 */
export async function findRoute(
  { prompts }: Pick<App, 'prompts'>,
  projects: Pick<Projects, 'choose'>,
  analysis: () => Promise<Analysis>,
  texts: Texts,
): Promise<void> {
  const title = 'Find Handler for URL';
  const { uri, label } = await projects.choose(title);
  const { findHandler, parseManifest } = await analysis();
  const manifest = parseManifest(await texts.read(uri));
  const address = await prompts.input({
    title,
    prompt: 'An address, or its path',
    placeholder: '/api/weather?day=today',
    check: (text) => (findHandler(manifest, text) ? undefined : 'Type a URL, or a path that begins with /.'),
  });
  const found = findHandler(manifest, address);
  if (found?.handler) return texts.show(uri, found.handler.route?.range ?? found.handler.range);
  throw new EditorError('NO_HANDLER', `No handler of ${label} answers ${found?.path ?? address}.`);
}
