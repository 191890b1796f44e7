// VS Code's settings for proxies and certificates, as our requests take them.

import type { Network } from '../../bindle/http.ts';
import type { Settings } from '../app.ts';

/** What the settings do not say is left to the standard variables. */
export function networkOf(settings: Settings): Network {
  const proxy = settings.get('http.proxy') || undefined;
  const authorization = settings.get('http.proxyAuthorization') || undefined;
  const without = settings.get('http.noProxy') ?? [];
  return {
    ...(settings.get('http.proxySupport') === 'off'
      ? { proxy: false }
      : proxy === undefined
        ? {}
        : { proxy }),
    ...(without.length === 0 ? {} : { noProxy: without.join(',') }),
    ...(authorization === undefined ? {} : { proxyAuthorization: authorization }),
    ...(settings.get('http.proxyStrictSSL') === false ? { strictTls: false } : {}),
    ...(settings.get('http.systemCertificates') === false ? {} : { systemCertificates: true }),
  };
}
