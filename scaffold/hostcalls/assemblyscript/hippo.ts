// Add-ons of a channel, by host calls (hippo_host, version 1). Keep this file and the two beside it, and change them as
// you like.
//
//   const database = new Database('postgresql');
//   const result = database.query('SELECT text FROM notes WHERE id = $1', [Value.integer(1)]);
//   if (result.error !== null) …
//   for (let i = 0; i < result.rows.length; i++) … result.rows[i][0].toString()

import { decodeBase64, encodeBase64, encodeNumber, encodeText, Json, JsonKind, JsonReader } from './hippo-json';
import { Kind, Value } from './hippo-value';

export { Kind, Value };

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
  constructor(public code: string, public message: string, public sqlState: string) {}
}

export class Column {
  constructor(public name: string, public type: string) {}
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
  constructor(public json: Json, public error: HostError | null) {}
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
