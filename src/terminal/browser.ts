// Opens an address in the user's browser, without a shell that would read it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** @returns false where there is no desktop, or nothing to open it with */
export async function openInBrowser(address: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const { protocol, href } = new URL(address);
  if (protocol !== 'http:' && protocol !== 'https:') return false;
  const opener = openerOf(process.platform, env);
  if (!opener) return false;
  const [program, ...args] = opener;
  const child = spawn(program, [...args, href], { detached: true, stdio: 'ignore', windowsHide: true });
  try {
    await once(child, 'spawn');
  } catch {
    return false;
  }
  child.unref();
  return true;
}

/** The program that hands an address to the desktop; undefined without one. */
export function openerOf(
  platform: NodeJS.Platform,
  env: NodeJS.ProcessEnv,
): [program: string, ...args: string[]] | undefined {
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32.exe', 'url.dll,FileProtocolHandler'];
  // Without a desktop of its own, a remote editor's terminal names a program that opens addresses where its user is.
  const [named = ''] = env['BROWSER']?.split(':') ?? [];
  if (named !== '' && !/[\s%]/.test(named)) return [named];
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open'] : undefined;
}
