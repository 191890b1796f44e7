// A program for the tests here, in a few bytes: no compiler is at hand in an extension host.

/** A WASI module that writes the head and the body of a page: `hello`. */
export function helloModule(): Uint8Array {
  const text = (value: string): number[] => [value.length, ...Buffer.from(value)];
  const section = (id: number, content: number[]): number[] => [id, content.length, ...content];
  const page = 'content-type: text/plain\n\nhello';
  // At 0 stands where the page begins and how long it is; the page begins at 8.
  const memory = [8, 0, 0, 0, page.length, 0, 0, 0, ...Buffer.from(page)];
  // fd_write(1, 0, 1, 64)
  const body = [0, 0x41, 1, 0x41, 0, 0x41, 1, 0x41, 0xc0, 0, 0x10, 0, 0x1a, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [2, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f, 0x60, 0, 0]),
    ...section(2, [1, ...text('wasi_snapshot_preview1'), ...text('fd_write'), 0, 0]),
    ...section(3, [1, 1]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...text('memory'), 2, 0, ...text('_start'), 0, 1]),
    ...section(10, [1, body.length, ...body]),
    ...section(11, [1, 0, 0x41, 0, 0x0b, memory.length, ...memory]),
  ]);
}
