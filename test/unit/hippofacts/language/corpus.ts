// HIPPOFACTS files that are valid: those of the fixtures, of `yo wasm`, and one with all that the format has.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const fixtures = fileURLToPath(new URL('../../../fixtures/', import.meta.url));

export const RICH = `# What the birds are made of
[bindle]
name = "team/birds"
version = "1.2.3"   # raised by CI
description = """
Pictures \\
of birds"""
authors = ["Ana <ana@example.com>", 'Bo']

[annotations]
team = "web"
"quoted key" = 'x'

# The front page
[[handler]]
route = "/"
name = "bin/a.wasm"
files = [
  "img/*.png", # pictures
  "css/site.css",
]

[[handler]]                  # from another bindle
route = "/lib/..."
external = { bindleId = "tools/fileserver/1.0.3", handlerId = "static" }
files = ["img/birds/kea.jpg"]

[[handler]]
route = "/more/..."
[handler.external]
bindleId = "tools/fileserver/1.0.3"
handlerId = "list"

[[handler]]
route = "/dotted"
external.bindleId = "tools/fileserver/1.0.3"
external.handlerId = "static"

[[export]]
id = "b"
name = "bin/b.wasm"
entrypoint = "run_b"
`;

export interface CorpusFile {
  readonly name: string;
  readonly text: string;
}

/** Valid as TOML; those whose names begin with `error-` have a problem of another kind. */
export function corpus(): CorpusFile[] {
  const golden = readdirSync(join(fixtures, 'hippofacts'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({
      name,
      text: readFileSync(join(fixtures, 'hippofacts', name, 'app/HIPPOFACTS'), 'utf8'),
    }));
  const generated = ['assemblyscript', 'rust'].map((name) => ({
    name: `yo-wasm-${name}`,
    text: readFileSync(join(fixtures, 'yo-wasm', name, 'HIPPOFACTS'), 'utf8'),
  }));
  return [
    ...golden,
    ...generated,
    { name: 'rich', text: RICH },
    { name: 'rich with CRLF', text: RICH.replaceAll('\n', '\r\n') },
    { name: 'rich with a byte order mark', text: `\uFEFF${RICH}` },
  ];
}
