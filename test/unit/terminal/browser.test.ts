// What opens an address: a program of the desktop, never a shell.

import { expect, test } from 'vitest';
import { openerOf, openInBrowser } from '../../../src/terminal/browser.ts';

test('is the desktop of each system, and nothing where there is none', () => {
  expect(openerOf('darwin', {})).toEqual(['open']);
  expect(openerOf('win32', {})?.[0]).toBe('rundll32.exe');
  expect(openerOf('linux', { DISPLAY: ':0' })).toEqual(['xdg-open']);
  expect(openerOf('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toEqual(['xdg-open']);
  expect(openerOf('linux', {})).toBeUndefined();
  expect(openerOf('linux', { BROWSER: '/opt/code/browser.sh', DISPLAY: ':0' })).toEqual([
    '/opt/code/browser.sh',
  ]);
  expect(openerOf('linux', { BROWSER: 'links %s' })).toBeUndefined();
});

test('gets no address that is not a page', async () => {
  expect(await openInBrowser('file:///etc/passwd', { DISPLAY: ':0' })).toBe(false);
  expect(await openInBrowser('http://localhost/', {})).toBe(false);
});
