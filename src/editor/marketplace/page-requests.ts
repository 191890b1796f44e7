// Which page may ask for what, and the shape of what answers: a request that no page has, or a handler that is missing,
// is an error of types.

import type { PageName, PageState, ParamsOf, RequestName, ResultOf } from '../../webview/protocol.ts';

/** `ready` is every page's, and the host's own. */
export const PAGE_REQUESTS = {
  marketplace: ['act', 'openLink', 'icons', 'chooseApp', 'openOffering'],
  offering: [
    'act',
    'openLink',
    'checkParameters',
    'add',
    'attach',
    'detach',
    'change',
    'rotate',
    'remove',
    'retry',
    'abandon',
    'dashboard',
    'bindingCode',
  ],
  bill: ['act', 'openLink', 'showBill', 'exportBill'],
} as const satisfies Record<PageName, readonly Exclude<RequestName, 'ready'>[]>;

export type RequestOf<P extends PageName> = (typeof PAGE_REQUESTS)[P][number];
export type StateOf<P extends PageName> = Extract<PageState, { page: P }>;

/** What only looks: nobody waits for it any more when the page has begun anew. */
export const LOOKS: ReadonlySet<RequestName> = new Set(['icons', 'checkParameters', 'showBill']);

// `never` as long as every request is some page's.
type Missing = Exclude<RequestName, RequestOf<PageName> | 'ready'>;
export const NONE_IS_MISSING: Missing extends never ? true : Missing = true;

export type Handler<N extends RequestName> = (
  params: ParamsOf<N>,
  /** Aborted when the page is closed. */
  signal: AbortSignal,
) => Promise<ResultOf<N> extends null ? void : ResultOf<N>>;

export type Handlers<P extends PageName> = { readonly [N in RequestOf<P>]: Handler<N> };
