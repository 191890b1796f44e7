// Where names of variables and of add-ons stand in a line of source: in what reads the environment, and in what the
// libraries of the host calls make an add-on of. By the text of the line alone, so that it costs nothing to type. Pure.

export interface NamePlace {
  /** What is named there. */
  readonly what: 'variable' | 'addon';
  /** Columns of the name, without its quotes; it may be empty. */
  readonly start: number;
  readonly end: number;
}

/** Ids of VS Code's languages → what comes before a name, its quote included. */
interface Reads {
  readonly variables: readonly RegExp[];
  readonly addons: readonly RegExp[];
}

const QUOTE = '\\s*["\'`]';

const SCRIPT: Reads = {
  variables: [
    /\bprocess\.env\??\.(?!get\()/g,
    new RegExp(`\\bprocess\\.env(?:\\?\\.)?\\[${QUOTE}`, 'g'),
    // AssemblyScript's, and Deno's.
    new RegExp(`\\benv\\.get\\(${QUOTE}`, 'g'),
  ],
  addons: [new RegExp(`\\bnew\\s+(?:Hippo)?(?:Database|Store)\\(${QUOTE}`, 'g')],
};

const C: Reads = {
  variables: [/\bgetenv\(\s*"/g],
  addons: [/\bhippo_\w+\(\s*"/g],
};

const READS: Readonly<Record<string, Reads>> = {
  rust: {
    variables: [/(?:\benv::|(?<![\w.:]))var(?:_os)?\(\s*"/g],
    addons: [/\b(?:Hippo)?(?:Database|Store)::new\(\s*"/g],
  },
  typescript: SCRIPT,
  typescriptreact: SCRIPT,
  javascript: SCRIPT,
  javascriptreact: SCRIPT,
  assemblyscript: SCRIPT,
  python: {
    variables: [
      new RegExp(`\\benviron\\[${QUOTE}`, 'g'),
      new RegExp(`\\benviron\\.get\\(${QUOTE}`, 'g'),
      new RegExp(`\\bgetenv\\(${QUOTE}`, 'g'),
    ],
    addons: [],
  },
  c: C,
  cpp: C,
  go: {
    variables: [/\bos\.(?:Getenv|LookupEnv)\(\s*["`]/g],
    addons: [],
  },
};

export const LANGUAGES: readonly string[] = Object.keys(READS);

/** @param languageId VS Code's @param line its text @param column between two of its characters */
export function namePlace(languageId: string, line: string, column: number): NamePlace | undefined {
  const reads = Object.hasOwn(READS, languageId) ? READS[languageId] : undefined;
  if (!reads) return undefined;
  const find = (what: NamePlace['what'], openers: readonly RegExp[]): NamePlace | undefined => {
    for (const opener of openers)
      for (const { 0: text, index } of line.matchAll(opener)) {
        const start = index + text.length;
        const end = start + (/^[\w-]*/.exec(line.slice(start))?.[0].length ?? 0);
        if (start <= column && column <= end) return { what, start, end };
      }
    return undefined;
  };
  return find('variable', reads.variables) ?? find('addon', reads.addons);
}
