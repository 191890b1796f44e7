// The names under which channels are served (hippo-api.md §4 "Channels").

/** Longest label of a domain name (RFC 1035 §2.3.4). */
const MAX_LABEL = 63;

/**
 * `<app>.<platform>` for an app's first channel, `<channel>-<app>.<platform>` for the others, in characters
 * that a domain may have; a name that is taken gets a number.
 */
export function defaultDomain(
  app: string,
  channel: string,
  options: { first: boolean; platformDomain: string; isTaken: (domain: string) => boolean },
): string {
  const wanted = label(options.first ? app : `${channel}-${app}`);
  for (let number = 1; ; number++) {
    const suffix = number === 1 ? '' : `-${number}`;
    const domain = `${wanted.slice(0, MAX_LABEL - suffix.length)}${suffix}.${options.platformDomain}`;
    if (!options.isTaken(domain)) return domain;
  }
}

function label(text: string): string {
  const clean = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_LABEL)
    .replaceAll(/^-+|-+$/g, '');
  return clean || 'app';
}
