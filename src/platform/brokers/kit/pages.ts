// What a broker shows to people: its documentation, and for each instance a dashboard behind a signed link that
// expires. Plain HTML made here, without scripts.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Broker, Overview } from './broker.ts';
import { bytesText } from './bytes-text.ts';
import type { BrokerDefinition, InstanceStatus } from './definition.ts';
import { BrokerFailure } from './failure.ts';
import { sameSecret, type SecretKey } from './secrets.ts';

const HOUR = 3_600_000;
/** How long a link to a dashboard works. */
const LINK_TIME = HOUR;

const STYLE = `
  :root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
  body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
  th { font-weight: 600; white-space: nowrap; }
  meter { width: 14rem; } code { font-family: ui-monospace, monospace; }
  .warning { border-left: 3px solid #c60; padding-left: .8rem; }
`;

export interface PagesOptions {
  definition: BrokerDefinition;
  broker: () => Broker;
  key: SecretKey;
  now?: () => number;
}

export class Pages {
  readonly #options: PagesOptions;
  readonly #now: () => number;

  constructor(options: PagesOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Path and query of an instance's dashboard, for an hour from now. */
  dashboardPath(instanceId: string): string {
    const expires = String(this.#now() + LINK_TIME);
    const query = new URLSearchParams({ expires, signature: this.#signature(instanceId, expires) });
    return `/dashboard/${encodeURIComponent(instanceId)}?${query.toString()}`;
  }

  /** False if there is no page at this path. @throws BrokerFailure */
  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<boolean> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    if (url.pathname === '/docs') {
      sendPage(response, 200, documentation(this.#options.definition));
      return true;
    }
    const [, id] = /^\/dashboard\/([^/]+)$/.exec(url.pathname) ?? [];
    if (id === undefined) return false;
    await this.#dashboard(decode(id), url.searchParams, response);
    return true;
  }

  async #dashboard(id: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
    const expires = query.get('expires') ?? '';
    if (!sameSecret(query.get('signature') ?? '', this.#signature(id, expires)))
      return sendPage(response, 403, message('This link is not valid.'));
    if (Number(expires) <= this.#now()) return sendPage(response, 403, message('This link has expired.'));
    try {
      const overview = await this.#options.broker().overview(id);
      sendPage(response, 200, dashboard(this.#options.definition, overview));
    } catch (error) {
      if (!(error instanceof BrokerFailure)) throw error;
      sendPage(response, error.status, message(error.message));
    }
  }

  #signature(id: string, expires: string): string {
    return this.#options.key.sign(`dashboard ${expires} ${id}`);
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

/** HTML that is complete; made by `html` alone. */
class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Piece = string | number | Html | readonly Html[];

/** Everything that is put in is escaped, unless it is HTML already. */
function html(strings: TemplateStringsArray, ...values: Piece[]): Html {
  return new Html(strings.reduce((text, part, index) => text + textOf(values[index - 1] ?? '') + part));
}

function textOf(value: Piece): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(({ text }) => text).join('');
  return String(value).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function sendPage(response: ServerResponse, status: number, content: Html): void {
  const text = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Hippo add-on</title><style>${STYLE}</style></head>
<body>${content.text}</body></html>`;
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      // The style above is all that the page needs.
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      // The link is a credential.
      'referrer-policy': 'no-referrer',
    })
    .end(text);
}

function message(text: string): Html {
  return html`<h1>Dashboard</h1>
    <p>${text} Get a new one by <code>hippo addons dashboard</code>.</p>`;
}

function row(name: string, value: Piece): Html {
  return html`<tr>
    <th>${name}</th>
    <td>${value}</td>
  </tr>`;
}

function dashboard(
  { service }: BrokerDefinition,
  { instance, planName, status, bindings, operations }: Overview,
): Html {
  const name = instance.context['instance_name'];
  const title = typeof name === 'string' ? name : instance.id;
  return html`<h1>${title}</h1>
    <p>${service.displayName}, plan ${planName}, ${instance.state}, made ${time(instance.createdAt)}.</p>
    ${(status?.warnings ?? []).map((warning) => html`<p class="warning">${warning}</p>`)}
    ${status ? figures(status) : html``}
    <h2>Bindings</h2>
    <table>
      ${bindings.map(({ id, state, createdAt }) => row(id, `${state}, made ${time(createdAt)}`))}
    </table>
    ${
      service.bindingRotatable
        ? html`<p>
            New credentials for all of them, while the app goes on: <code>hippo addons rotate ${title}</code>
          </p>`
        : html``
    }
    <h2>Last operations</h2>
    <table>
      ${operations.map(({ verb, state, description, startedAt }) =>
        row(time(startedAt), `${verb}: ${state}. ${description}`),
      )}
    </table>`;
}

function figures({ storage, connections, details }: InstanceStatus): Html {
  return html`<h2>Now</h2>
    <table>
      ${storage ? row('Size', gauge(storage, bytesText)) : html``}
      ${connections ? row('Connections', gauge(connections, String)) : html``}
      ${Object.entries(details).map(([name, value]) => row(name, value))}
    </table>`;
}

function gauge({ used, limit }: { used: number; limit: number }, text: (value: number) => string): Html {
  return html`<meter min="0" max="${limit}" high="${limit * 0.9}" value="${Math.min(used, limit)}"></meter>
    ${text(used)} of ${text(limit)}`;
}

function documentation({ service, plans }: BrokerDefinition): Html {
  return html`<h1>${service.displayName}</h1>
    <p>${service.longDescription}</p>
    ${service.documentation.map((paragraph) => html`<p>${paragraph}</p>`)}
    <h2>Plans</h2>
    <table>
      ${plans.map(({ name, description, bullets }) => row(name, `${description} ${bullets.join(', ')}.`))}
    </table>
    <h2>Credentials</h2>
    <table>
      ${Object.entries(service.credentials).map(([key, meaning]) => row(key, meaning))}
    </table>
    <h2 id="support">Support</h2>
    <p>It runs on the machine of this Hippo: its log is broker.log in the broker's folder.</p>`;
}

function time(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
