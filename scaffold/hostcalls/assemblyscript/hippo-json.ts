// The JSON of host calls, and base64.

export enum JsonKind {
  Null,
  Bool,
  Number,
  Text,
  Array,
  Object,
}

export class Json {
  names: string[] = [];
  items: Json[] = [];
  constructor(
    public kind: JsonKind,
    public text: string = '',
  ) {}

  /** Null where there is no such member. */
  get(name: string): Json {
    const at = this.names.indexOf(name);
    return at < 0 ? new Json(JsonKind.Null) : this.items[at];
  }
}

/** Reads what the host has written, which is always whole and well-formed. */
export class JsonReader {
  private at: i32 = 0;
  constructor(private source: string) {}

  value(): Json {
    const code = this.source.charCodeAt(this.at);
    if (code == 0x22) return new Json(JsonKind.Text, this.string());
    if (code == 0x5b || code == 0x7b) return this.list(code == 0x7b);
    const start = this.at;
    while (this.at < this.source.length && !isEnd(this.source.charCodeAt(this.at))) this.at++;
    const word = this.source.substring(start, this.at);
    if (word == 'null') return new Json(JsonKind.Null);
    if (word == 'true' || word == 'false') return new Json(JsonKind.Bool, word);
    return new Json(JsonKind.Number, word);
  }

  private list(named: bool): Json {
    const json = new Json(named ? JsonKind.Object : JsonKind.Array);
    this.at++;
    while (this.at < this.source.length) {
      const code = this.source.charCodeAt(this.at);
      if (code == 0x5d || code == 0x7d) {
        this.at++;
        break;
      }
      if (code == 0x2c) this.at++;
      if (named) {
        json.names.push(this.string());
        // The colon.
        this.at++;
      }
      json.items.push(this.value());
    }
    return json;
  }

  private string(): string {
    const parts = new Array<string>();
    let start = ++this.at;
    while (this.at < this.source.length) {
      const code = this.source.charCodeAt(this.at);
      if (code == 0x22) break;
      if (code != 0x5c) {
        this.at++;
        continue;
      }
      parts.push(this.source.substring(start, this.at));
      parts.push(this.escape());
      start = this.at;
    }
    parts.push(this.source.substring(start, this.at++));
    return parts.join('');
  }

  private escape(): string {
    const code = this.source.charCodeAt(this.at + 1);
    this.at += 2;
    if (code == 0x75) {
      const unit = <i32>parseInt(this.source.substring(this.at, this.at + 4), 16);
      this.at += 4;
      return String.fromCharCode(unit);
    }
    if (code == 0x6e) return '\n';
    if (code == 0x72) return '\r';
    if (code == 0x74) return '\t';
    if (code == 0x62) return '\b';
    if (code == 0x66) return '\f';
    return String.fromCharCode(code);
  }
}

function isEnd(code: i32): bool {
  return code == 0x2c || code == 0x5d || code == 0x7d;
}

/** JSON has no word for NaN and the infinities, and doubles cannot hold every whole number. */
export function encodeNumber(text: string): string {
  if (text.includes('N') || text.includes('I')) return '{"float":"' + text + '"}';
  if (text.length > 15 && !text.includes('.') && !text.includes('e')) return '{"bigint":"' + text + '"}';
  return text;
}

export function encodeText(text: string): string {
  const parts = new Array<string>();
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x20 && code != 0x22 && code != 0x5c) continue;
    parts.push(text.substring(start, i));
    parts.push(code < 0x20 ? '\\u' + code.toString(16).padStart(4, '0') : '\\' + text.charAt(i));
    start = i + 1;
  }
  parts.push(text.substring(start));
  return '"' + parts.join('') + '"';
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function encodeBase64(bytes: Uint8Array): string {
  const parts = new Array<string>();
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const word =
      ((<u32>bytes[i]) << 16) |
      (left > 1 ? (<u32>bytes[i + 1]) << 8 : 0) |
      (left > 2 ? <u32>bytes[i + 2] : 0);
    parts.push(ALPHABET.charAt(word >> 18));
    parts.push(ALPHABET.charAt((word >> 12) & 63));
    parts.push(left > 1 ? ALPHABET.charAt((word >> 6) & 63) : '=');
    parts.push(left > 2 ? ALPHABET.charAt(word & 63) : '=');
  }
  return parts.join('');
}

export function decodeBase64(text: string): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let at = 0;
  for (let i = 0; i < text.length; i += 4) {
    let word: u32 = 0;
    for (let j = 0; j < 4; j++) word = (word << 6) | (<u32>max(0, ALPHABET.indexOf(text.charAt(i + j))));
    for (let shift = 16; shift >= 0 && at < bytes.length; shift -= 8) bytes[at++] = <u8>(word >> shift);
  }
  return bytes;
}
