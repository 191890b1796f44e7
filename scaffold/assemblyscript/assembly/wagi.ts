// What a WAGI app needs: the request stands in environment variables, the answer goes to standard output,
// and the files of the bindle are mounted at `/`. Keep this file and change it as you like.

import {
  errno,
  fd_close,
  fd_read,
  path_open,
  rights,
} from '@assemblyscript/wasi-shim/assembly/bindings/wasi_snapshot_preview1';

/** An environment variable of the channel or of the request, or `fallback` where it is not set. */
export function variable(name: string, fallback: string = ''): string {
  const env = process.env;
  return env.has(name) ? env.get(name) : fallback;
}

/** A value from the query of the request's address, or `fallback` where it is not given. */
export function parameter(name: string, fallback: string = ''): string {
  const items = variable('QUERY_STRING').split('&');
  for (let i = 0; i < items.length; i++) {
    const equals = items[i].indexOf('=');
    if (equals >= 0 && decode(items[i].substring(0, equals)) == name)
      return decode(items[i].substring(equals + 1));
  }
  return fallback;
}

/** The whole answer: call it once. */
export function answer(status: i32, contentType: string, body: string): void {
  process.stdout.write('Status: ' + status.toString() + '\n');
  process.stdout.write('Content-Type: ' + contentType + '\n\n');
  process.stdout.write(body);
}

/** Text for a place between HTML tags or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** A text file of the bindle, named as in HIPPOFACTS (`static/style.css`); null if it has none. */
export function readFile(path: string): string | null {
  const file = open(path);
  if (file < 0) return null;
  const chunk = new ArrayBuffer(4096);
  const vector = memory.data(8);
  const length = memory.data(4);
  let bytes = new Uint8Array(0);
  let error: errno;
  for (;;) {
    store<usize>(vector, changetype<usize>(chunk));
    store<u32>(vector, chunk.byteLength, 4);
    error = fd_read(file, vector, 1, length);
    const got = load<u32>(length);
    if (error != errno.SUCCESS || got == 0) break;
    const longer = new Uint8Array(bytes.length + got);
    longer.set(bytes);
    longer.set(Uint8Array.wrap(chunk, 0, got), bytes.length);
    bytes = longer;
  }
  fd_close(file);
  return error == errno.SUCCESS ? String.UTF8.decode(bytes.buffer) : null;
}

/** A file descriptor, or -1. Directories that the host hands over are numbered from 3; `/` is the first. */
function open(path: string): i32 {
  const name = String.UTF8.encode(path);
  const opened = memory.data(4);
  const error = path_open(3, 0, changetype<usize>(name), name.byteLength, 0, rights.FD_READ, 0, 0, opened);
  return error == errno.SUCCESS ? load<i32>(opened) : -1;
}

/** Undoes the encoding of a form: `+` is a blank, `%41` a byte of UTF-8. */
function decode(text: string): string {
  const bytes = new Array<u8>();
  const encoded = Uint8Array.wrap(String.UTF8.encode(text));
  for (let i = 0; i < encoded.length; i++) {
    const byte = encoded[i];
    if (byte == 0x2b) {
      bytes.push(0x20);
    } else if (
      byte == 0x25 &&
      i + 2 < encoded.length &&
      hex(encoded[i + 1]) >= 0 &&
      hex(encoded[i + 2]) >= 0
    ) {
      bytes.push(<u8>(hex(encoded[i + 1]) * 16 + hex(encoded[i + 2])));
      i += 2;
    } else {
      bytes.push(byte);
    }
  }
  return String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length);
}

/** The value of a hexadecimal digit, or -1. */
function hex(digit: u8): i32 {
  if (digit >= 0x30 && digit <= 0x39) return digit - 0x30;
  if (digit >= 0x41 && digit <= 0x46) return digit - 0x41 + 10;
  if (digit >= 0x61 && digit <= 0x66) return digit - 0x61 + 10;
  return -1;
}
