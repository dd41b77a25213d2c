import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictJson } from './strict-json.ts';
import { findSyntaxError, whereIn } from './syntax-error.ts';

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('the position of a syntax error', () => {
  test.each([
    ['{"a":x}', 5],
    ['{"a":1', 6],
    ['{"a":1,}', 7],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['01', 1],
    ['1.', 1],
    ['{"a":1}x', 7],
    ["{'a':1}", 1],
    ['"a\nb"'.replace('\\n', '\n'), 2],
    ['"\\x"', 1],
    ['"\\u12g4"', 1],
    ['"open', 5],
    ['[[}', 2],
    ['', 0],
  ])('%j at %i', (text, at) => {
    expect(findSyntaxError(text)).toBe(at);
  });

  test('exists exactly if JSON.parse refuses the text', () => {
    const token = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"a"',
        '"',
        '\\',
        '1',
        '-',
        '.5',
        'e1',
        'true',
        'nul',
        ' ',
        '\n',
        '\u0001',
      ],
    );
    const noise = fc.array(token, { maxLength: 12 }).map((tokens) => tokens.join(''));
    const broken = fc
      .tuple(fc.json(), fc.nat(), fc.oneof(token, fc.constant('')))
      .map(([text, at, put]) => text.slice(0, at % text.length) + put + text.slice((at % text.length) + 1));
    fc.assert(
      fc.property(fc.oneof(fc.json(), noise, broken), (text) => {
        expect(findSyntaxError(text) === null).toBe(isJson(text));
      }),
      { numRuns: 3_000 },
    );
  });

  test('follows a text that could be the start of JSON', () => {
    expect(findSyntaxError('{"a":[1,{"b":"c"},tru')).toBe(18);
  });

  test('is reported as line and column, in characters', () => {
    expect(whereIn('{\n  "a": "\u{1f600}" x', 14)).toBe('line 2, column 12');
    const { faults } = parseStrictJson(Buffer.from('{"a": 1,\n "b": }'));
    expect(faults).toEqual([
      {
        pointer: '',
        detail: 'The body is not valid JSON: unexpected character at line 2, column 7.',
      },
    ]);
    expect(parseStrictJson(Buffer.from('{"a": 1')).faults[0]!.detail).toBe(
      'The body is not valid JSON: unexpected end at line 1, column 8.',
    );
  });

  test('is also reported for invalid UTF-8, after a real U+FFFD in the body', () => {
    const bytes = Buffer.concat([Buffer.from('{"a":"\ufffd",\n"b":"'), Buffer.from([0xe9, 0x22, 0x7d])]);
    expect(parseStrictJson(bytes).faults[0]!.detail).toBe('The body is not valid UTF-8: line 2, column 6.');
  });
});
