// Add-ons of a channel, by host calls (version 1, see ABI.md). Keep this file and change it as you like.
//
//   const database = new Database('postgresql');
//   const result = database.query('SELECT text FROM notes WHERE id = $1', [Value.integer(1)]);
//   if (result.error !== null) …
//   for (let i = 0; i < result.rows.length; i++) … result.rows[i][0].text

@external('hippo_sql', 'query') declare function sqlQuery(pointer: usize, length: i32): i32;
@external('hippo_sql', 'begin') declare function sqlBegin(pointer: usize, length: i32): i32;
@external('hippo_sql', 'commit') declare function sqlCommit(pointer: usize, length: i32): i32;
@external('hippo_sql', 'rollback') declare function sqlRollback(pointer: usize, length: i32): i32;
@external('hippo_kv', 'get') declare function kvGet(pointer: usize, length: i32): i32;
@external('hippo_kv', 'set') declare function kvSet(pointer: usize, length: i32): i32;
@external('hippo_kv', 'delete') declare function kvDelete(pointer: usize, length: i32): i32;
@external('hippo_kv', 'increment') declare function kvIncrement(pointer: usize, length: i32): i32;
@external('hippo_kv', 'expire') declare function kvExpire(pointer: usize, length: i32): i32;
@external('hippo_kv', 'list') declare function kvList(pointer: usize, length: i32): i32;
@external('hippo_host', 'length') declare function responseLength(handle: i32): i32;
@external('hippo_host', 'read') declare function responseRead(handle: i32, pointer: usize, length: i32): i32;
@external('hippo_host', 'close') declare function responseClose(handle: i32): i32;

type HostFunction = (pointer: usize, length: i32) => i32;

/** Why a call did not work. `code` is one of ABI.md's, or `status -1` for those that the host returns. */
export class HostError {
  constructor(
    public code: string,
    public message: string,
    public sqlState: string,
  ) {}
}

export enum Kind {
  Null,
  Bool,
  /** Whole or not: `text` has it as it was written. */
  Number,
  Text,
  Decimal,
  Bytes,
  Json,
  Array,
}

/** A value of SQL: make one for a parameter, read one from a row. */
export class Value {
  private constructor(
    public kind: Kind,
    /** The value as text; empty for null, bytes and arrays. */
    public text: string,
    public bytes: Uint8Array = new Uint8Array(0),
    public items: Value[] = [],
  ) {}

  static none(): Value {
    return new Value(Kind.Null, '');
  }
  static bool(value: bool): Value {
    return new Value(Kind.Bool, value ? 'true' : 'false');
  }
  static integer(value: i64): Value {
    return new Value(Kind.Number, value.toString());
  }
  static float(value: f64): Value {
    return new Value(Kind.Number, value.toString());
  }
  static of(text: string): Value {
    return new Value(Kind.Text, text);
  }
  static decimal(digits: string): Value {
    return new Value(Kind.Decimal, digits);
  }
  static blob(bytes: Uint8Array): Value {
    return new Value(Kind.Bytes, '', bytes);
  }
  static json(text: string): Value {
    return new Value(Kind.Json, text);
  }
  static array(items: Value[]): Value {
    return new Value(Kind.Array, '', new Uint8Array(0), items);
  }

  get isNull(): bool {
    return this.kind == Kind.Null;
  }
  get isTrue(): bool {
    return this.text == 'true' || this.text == '1';
  }
  get integer(): i64 {
    return I64.parseInt(this.text);
  }
  get float(): f64 {
    return F64.parseFloat(this.text);
  }

  encode(): string {
    switch (this.kind) {
      case Kind.Null:
        return 'null';
      case Kind.Bool:
        return this.text;
      case Kind.Number:
        return encodeNumber(this.text);
      case Kind.Decimal:
        return '{"decimal":' + encodeText(this.text) + '}';
      case Kind.Bytes:
        return '{"bytes":"' + encodeBase64(this.bytes) + '"}';
      case Kind.Json:
        return '{"json":' + encodeText(this.text) + '}';
      case Kind.Array: {
        const parts = new Array<string>();
        for (let i = 0; i < this.items.length; i++) parts.push(this.items[i].encode());
        return '{"array":[' + parts.join(',') + ']}';
      }
      default:
        return encodeText(this.text);
    }
  }

  static decode(json: Json): Value {
    switch (json.kind) {
      case JsonKind.Null:
        return Value.none();
      case JsonKind.Bool:
        return Value.bool(json.text == 'true');
      case JsonKind.Number:
        return new Value(Kind.Number, json.text);
      case JsonKind.Text:
        return Value.of(json.text);
      default: {
        const name = json.names.length == 1 ? json.names[0] : '';
        const content = json.items.length == 1 ? json.items[0] : json;
        if (name == 'array') {
          const items = new Array<Value>();
          for (let i = 0; i < content.items.length; i++) items.push(Value.decode(content.items[i]));
          return Value.array(items);
        }
        if (name == 'bytes') return Value.blob(decodeBase64(content.text));
        if (name == 'json') return Value.json(content.text);
        if (name == 'decimal') return Value.decimal(content.text);
        return new Value(Kind.Number, content.text);
      }
    }
  }
}

export class Column {
  constructor(
    public name: string,
    public type: string,
  ) {}
}

export class Result {
  columns: Column[] = [];
  rows: Value[][] = [];
  /** Rows that were inserted, updated or deleted. */
  affected: i64 = 0;
  constructor(public error: HostError | null) {}
}

/** An add-on for SQL, by the name that the channel has it under. */
export class Database {
  constructor(private addon: string) {}

  query(sql: string, parameters: Value[] = []): Result {
    const params = new Array<string>();
    for (let i = 0; i < parameters.length; i++) params.push(parameters[i].encode());
    const response = call(
      sqlQuery,
      this.addon,
      '"sql":' + encodeText(sql) + ',"params":[' + params.join(',') + ']',
    );
    const result = new Result(response.error);
    if (response.error !== null) return result;
    const columns = response.json.get('columns').items;
    for (let i = 0; i < columns.length; i++)
      result.columns.push(new Column(columns[i].get('name').text, columns[i].get('type').text));
    const rows = response.json.get('rows').items;
    for (let i = 0; i < rows.length; i++) {
      const row = new Array<Value>();
      for (let j = 0; j < rows[i].items.length; j++) row.push(Value.decode(rows[i].items[j]));
      result.rows.push(row);
    }
    result.affected = I64.parseInt(response.json.get('affected').text);
    return result;
  }

  /** From here to `commit` or `rollback` everything is in one transaction. Null if it worked. */
  begin(readOnly: bool = false): HostError | null {
    return call(sqlBegin, this.addon, readOnly ? '"readOnly":true' : '').error;
  }
  commit(): HostError | null {
    return call(sqlCommit, this.addon, '').error;
  }
  rollback(): HostError | null {
    return call(sqlRollback, this.addon, '').error;
  }
}

export class KeyList {
  keys: string[] = [];
  /** For the next call; empty at the end. */
  cursor: string = '';
  constructor(public error: HostError | null) {}
}

/** An add-on for keys and values, by the name that the channel has it under. The last call's error is in `error`. */
export class Store {
  error: HostError | null = null;
  constructor(private addon: string) {}

  /** Null where there is none, and where the call failed. */
  get(key: string): string | null {
    const bytes = this.getBytes(key);
    return bytes === null ? null : String.UTF8.decode(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  }

  getBytes(key: string): Uint8Array | null {
    const response = this.call(kvGet, '"key":' + encodeText(key));
    const values = response.json.get('values').items;
    if (values.length == 0 || values[0].kind == JsonKind.Null) return null;
    if (values[0].kind == JsonKind.Text) return Uint8Array.wrap(String.UTF8.encode(values[0].text));
    return decodeBase64(values[0].get('bytes').text);
  }

  /** @param seconds after which it is gone; it stays where that is 0 */
  set(key: string, value: string, seconds: f64 = 0): bool {
    return this.store(key, encodeText(value), seconds);
  }

  setBytes(key: string, value: Uint8Array, seconds: f64 = 0): bool {
    return this.store(key, '{"bytes":"' + encodeBase64(value) + '"}', seconds);
  }

  /** True if there was one. */
  delete(key: string): bool {
    return this.call(kvDelete, '"key":' + encodeText(key)).json.get('deleted').text == '1';
  }

  /** What it is now. */
  increment(key: string, by: i64 = 1): i64 {
    const response = this.call(
      kvIncrement,
      '"key":' + encodeText(key) + ',"by":{"bigint":"' + by.toString() + '"}',
    );
    return Value.decode(response.json.get('value')).integer;
  }

  /** False if there is no such key. @param seconds from now on; it stays where that is 0 */
  expire(key: string, seconds: f64): bool {
    return this.call(kvExpire, '"key":' + encodeText(key) + ttl(seconds)).json.get('done').text == 'true';
  }

  /** @param cursor of the last list, until that is empty */
  list(prefix: string, cursor: string = '', limit: i32 = 100): KeyList {
    let request = '"prefix":' + encodeText(prefix) + ',"limit":' + limit.toString();
    if (cursor != '') request += ',"cursor":' + encodeText(cursor);
    const response = this.call(kvList, request);
    const list = new KeyList(response.error);
    const keys = response.json.get('keys').items;
    for (let i = 0; i < keys.length; i++) list.keys.push(keys[i].text);
    list.cursor = response.json.get('cursor').text;
    return list;
  }

  private store(key: string, value: string, seconds: f64): bool {
    const request = '"key":' + encodeText(key) + ',"value":' + value + ttl(seconds);
    return this.call(kvSet, request).json.get('done').text == 'true';
  }

  private call(operation: HostFunction, members: string): Response {
    const response = call(operation, this.addon, members);
    this.error = response.error;
    return response;
  }
}

function ttl(seconds: f64): string {
  return seconds > 0 ? ',"ttl":' + encodeNumber(seconds.toString()) : '';
}

class Response {
  constructor(
    public json: Json,
    public error: HostError | null,
  ) {}
}

function call(operation: HostFunction, addon: string, members: string): Response {
  const request = String.UTF8.encode(
    '{"version":1,"addon":' + encodeText(addon) + (members == '' ? '' : ',' + members) + '}',
  );
  const handle = operation(changetype<usize>(request), request.byteLength);
  if (handle < 0)
    return new Response(
      new Json(JsonKind.Null),
      new HostError('status ' + handle.toString(), 'The host cannot take this call now.', ''),
    );
  const bytes = new ArrayBuffer(responseLength(handle));
  responseRead(handle, changetype<usize>(bytes), bytes.byteLength);
  responseClose(handle);
  const json = new JsonReader(String.UTF8.decode(bytes)).value();
  const error = json.get('error');
  if (error.kind != JsonKind.Object) return new Response(json, null);
  return new Response(
    json,
    new HostError(error.get('code').text, error.get('message').text, error.get('sqlState').text),
  );
}

enum JsonKind {
  Null,
  Bool,
  Number,
  Text,
  Array,
  Object,
}

class Json {
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
class JsonReader {
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
function encodeNumber(text: string): string {
  if (text.includes('N') || text.includes('I')) return '{"float":"' + text + '"}';
  if (text.length > 15 && !text.includes('.') && !text.includes('e')) return '{"bigint":"' + text + '"}';
  return text;
}

function encodeText(text: string): string {
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

function encodeBase64(bytes: Uint8Array): string {
  const parts = new Array<string>();
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const word =
      (<u32>bytes[i] << 16) | (left > 1 ? <u32>bytes[i + 1] << 8 : 0) | (left > 2 ? <u32>bytes[i + 2] : 0);
    parts.push(ALPHABET.charAt(word >> 18));
    parts.push(ALPHABET.charAt((word >> 12) & 63));
    parts.push(left > 1 ? ALPHABET.charAt((word >> 6) & 63) : '=');
    parts.push(left > 2 ? ALPHABET.charAt(word & 63) : '=');
  }
  return parts.join('');
}

function decodeBase64(text: string): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let at = 0;
  for (let i = 0; i < text.length; i += 4) {
    let word: u32 = 0;
    for (let j = 0; j < 4; j++) word = (word << 6) | <u32>max(0, ALPHABET.indexOf(text.charAt(i + j)));
    for (let shift = 16; shift >= 0 && at < bytes.length; shift -= 8) bytes[at++] = <u8>(word >> shift);
  }
  return bytes;
}
