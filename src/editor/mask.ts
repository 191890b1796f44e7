// Takes secrets out of what people and files get to read.

const MASK = '***';

/** Shorter ones stand in too many places that are none. */
const SHORTEST = 4;

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // Headers, in whatever form they are printed.
  [
    /\b((?:proxy-)?authorization["']?\s*[:=,]\s*["']?)(?:(basic|bearer|digest)\s+)?[^\s"',;}]+/gi,
    `$1$2 ${MASK}`,
  ],
  [/\b(basic|bearer)\s+[A-Za-z0-9+/=._~-]{8,}/gi, `$1 ${MASK}`],
  // The part of an address before the @.
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"']+@/gi, `$1${MASK}@`],
  // Members and variables with a telling name: "password": "…", HIPPO_TOKEN=…, refreshToken: '…'.
  [
    /((?:[\w.-]*(?:password|passwd|secret|token|api[_-]?key))["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&}\])"']+)/gi,
    `$1${MASK}`,
  ],
  // A JSON Web Token gives itself away.
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, MASK],
];

export class Masker {
  #known: readonly string[] = [];

  /** This very text is masked from now on. */
  conceal(secret: string): void {
    if (secret.length < SHORTEST || this.#known.includes(secret)) return;
    // Longer ones first: one may begin with another.
    this.#known = [...this.#known, secret].sort((a, b) => b.length - a.length);
  }

  mask(text: string): string {
    const known = this.#known.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
    return PATTERNS.reduce((masked, [pattern, by]) => masked.replace(pattern, by), known);
  }
}
