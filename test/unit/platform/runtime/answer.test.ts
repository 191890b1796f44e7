// What a guest prints, as an HTTP answer (libraries.md §6).

import fc from 'fast-check';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { describe, expect, test } from 'vitest';
import { AnswerError, AnswerReader, type AnswerHead } from '../../../../src/platform/runtime/answer.ts';

/** All that a guest prints, in pieces of `size` bytes. */
function parseAnswer(stdout: Uint8Array, size = stdout.length): AnswerHead & { body: Uint8Array } {
  const reader = new AnswerReader();
  const body: Uint8Array[] = [];
  for (let at = 0; at < stdout.length; at += size) body.push(reader.push(stdout.subarray(at, at + size)));
  if (reader.head === undefined) throw new AnswerError();
  return { ...reader.head, body: Buffer.concat(body) };
}

function parse(text: string): { status: number; headers: Record<string, string | string[]>; body: string } {
  const { status, headers, body } = parseAnswer(Buffer.from(text));
  return { status, headers: Object.fromEntries(headers), body: Buffer.from(body).toString() };
}

describe('headers and body', () => {
  test('are parted by the first empty line', () => {
    expect(parse('Content-Type: text/plain\n\nhello\n\nworld\n')).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: 'hello\n\nworld\n',
    });
  });

  test('carriage returns count only in the body', () => {
    expect(parse('content-type: text/plain\r\nx-a: b\r\n\r\nbody\r\n\r\n')).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain', 'x-a': 'b' },
      body: 'body\r\n\r\n',
    });
    expect(parse('content-type: a\n\r\r\r\nb').body).toBe('b');
  });

  test('the body may be empty, and bytes of any kind', () => {
    expect(parse('content-type: text/plain\n\n').body).toBe('');
    const bytes = Buffer.from([...Array(256).keys()]);
    const { body } = parseAnswer(Buffer.concat([Buffer.from('content-type: a\n\n'), bytes]));
    expect(Buffer.from(body).equals(bytes)).toBe(true);
  });

  test('names are in lower case, blanks around values are dropped, values may have colons', () => {
    expect(parse('CONTENT-TYPE:a\nX-Url :  http://a:1/  \n\n').headers).toEqual({
      'content-type': 'a',
      'x-url': 'http://a:1/',
    });
  });

  test('of one name the last value stays, but every cookie', () => {
    expect(parse('content-type: a\nx: 1\nX: 2\nset-cookie: a=1\nSet-Cookie: b=2\n\n').headers).toEqual({
      'content-type': 'a',
      x: '2',
      'set-cookie': ['a=1', 'b=2'],
    });
  });

  test('lines that are no header are dropped', () => {
    expect(parse('content-type: a\nnonsense\n: empty\nbad name: x\nx\u0001y: z\nok: \n\n').headers).toEqual({
      'content-type': 'a',
      ok: '',
    });
    expect(parse('content-type: a\nx-bad: a\u0000b\nx-bad: a\u0007b\n\n').headers).toEqual({
      'content-type': 'a',
    });
  });

  test('what frames the message is not for the guest to say', () => {
    const framing =
      'Content-Length: 5\nTransfer-Encoding: chunked\nConnection: close\nKeep-Alive: 1\nUpgrade: x\nTE: x\nTrailer: x\n';
    expect(parse(`content-type: a\n${framing}\nbody`).headers).toEqual({ 'content-type': 'a' });
  });

  test('header bytes beyond ASCII go through as they are', () => {
    const { headers } = parseAnswer(Buffer.from('content-type: a\nx: é\n\n', 'utf8'));
    expect(Buffer.from(headers.get('x') as string, 'latin1').toString('utf8')).toBe('é');
  });
});

describe('the status', () => {
  test.each([
    ['Status: 404 Not Found', 404],
    ['status: 204', 204],
    ['status: 999', 999],
    ['Status: 500', 500],
    ['status: abc', 502],
    ['status: ', 502],
    ['status: 20', 502],
    ['status: 2000', 502],
    ['status: -200', 502],
    ['status: 200x', 502],
    // Interim answers would leave the visitor waiting for the real one.
    ['status: 100 Continue', 502],
    ['status: 101', 502],
    ['content-type: a', 200],
    ['location: /there', 302],
    ['location: /there\nstatus: 301', 301],
    ['status: 303 See Other\nlocation: /there', 303],
  ])('of %j is %d', (headers, status) => {
    expect(parse(`${headers}\n\nbody`)).toMatchObject({ status, body: 'body' });
  });

  test('is no header of the answer', () => {
    expect(parse('status: 201\nlocation: /new\n\n').headers).toEqual({ location: '/new' });
  });
});

test.each([
  '',
  '\n',
  '\n\n',
  'hello',
  'hello\n\nworld',
  'content-type: text/plain',
  'content-type: text/plain\nno empty line\n',
  'x-other: a\n\nbody',
  'content-type\n\nbody',
  'content type: a\n\nbody',
])('%j does not say what it is', (text) => {
  expect(() => parse(text)).toThrow(AnswerError);
});

test('the length that is announced is told apart from the headers', () => {
  const lengthOf = (headers: string): number | undefined =>
    parseAnswer(Buffer.from(`content-type: a\n${headers}\n\n`)).contentLength;
  expect(lengthOf('Content-Length: 12')).toBe(12);
  for (const headers of [
    'x: y',
    'content-length: 1\ncontent-length: 2',
    'content-length: -1',
    'content-length: 0x1',
  ])
    expect(lengthOf(headers)).toBe(undefined);
});

test('headers without end are no answer', () => {
  const reader = new AnswerReader();
  expect(() => {
    for (let piece = 0; piece < 100; piece++) reader.push(Buffer.from('x: y\n'.repeat(1000)));
  }).toThrow(AnswerError);
});

test('whatever is printed, in pieces of any size, the answer can be sent or is refused', () => {
  const line = fc.oneof(
    fc
      .tuple(
        fc.constantFrom('content-type', 'status', 'location', 'set-cookie', 'x-a', 'Content-Length'),
        fc.string(),
      )
      .map(([name, value]) => `${name}: ${value}`),
    fc.string(),
  );
  fc.assert(
    fc.property(
      fc.array(line),
      fc.uint8Array(),
      fc.constantFrom('\n', '\r\n'),
      fc.integer({ min: 1, max: 9 }),
      (lines, body, end, size) => {
        const printed = Buffer.concat([Buffer.from(lines.map((text) => text + end).join('') + end), body]);
        try {
          const answer = parseAnswer(printed, size);
          expect(answer).toEqual(parseAnswer(printed));
          expect(answer.status).toBeGreaterThanOrEqual(200);
          expect(answer.status).toBeLessThanOrEqual(999);
          for (const [name, value] of answer.headers) {
            validateHeaderName(name);
            for (const one of [value].flat()) validateHeaderValue(name, one);
          }
          expect(answer.headers.has('content-length')).toBe(false);
        } catch (error) {
          expect(error).toBeInstanceOf(AnswerError);
        }
      },
    ),
  );
});
