import { describe, expect, test } from 'vitest';
import { CliError } from '../errors.ts';
import { readTable, type TableSpec } from './read-table.ts';

const spec: TableSpec<'id' | 'size' | 'tags', string[]> = {
  file: 'test file',
  items: 'things',
  required: ['id', 'size'],
  optional: ['tags'],
  key: { name: 'id', of: ([id]) => id! },
  read(row) {
    if (!/^[0-9]+$/.test(row.text('size'))) row.fault('size', 'must be a number');
    return [row.text('id'), row.text('size'), row.has('tags') ? row.text('tags') : '(none)'];
  },
};

function faultOf(text: string): CliError {
  try {
    readTable(text, spec);
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error('the file was accepted');
}

describe('a table', () => {
  const rows = [
    ['a', '1', 'x y'],
    ['b', '2', ''],
  ];

  test('is CSV with its columns in any order', () => {
    expect(readTable('size,id,tags\n1,a,x y\n2,b,\n', spec)).toEqual(rows);
  });

  test('is JSON; a list is joined, and a missing member is a missing column', () => {
    const text =
      '\ufeff [ {"size": 1, "id": "a", "tags": ["x", "y"]}, {"id":"b","size":"2","tags":null} ] \n';
    expect(readTable(text, spec)).toEqual(rows);
    expect(readTable('[{"id":"\\u00e9","size":3}]', spec)).toEqual([['é', '3', '(none)']]);
  });

  test('as JSON is refused as a whole, and every fault has its line and column', () => {
    const text = `[
  {"id": "a", "size": 1},
  {"id": "b", "size": "big", "colour": [1, {"r": 2}]},
  {"size": 3, "id": "c", "size": 4}, 7,
  {"id": "a", "size": -1, "tags": {"x": [1]}},
  {"size": 1}
]`;
    const { message, detailLines } = faultOf(text);
    expect(message).toBe('nothing was imported: the test file has 8 bad values');
    expect(detailLines).toEqual([
      'line 3, column 23: size must be a number',
      'line 3, column 40: colour must not be an object or contain one; "colour" is no member of these objects',
      'line 4, column 26: size occurs twice in this object',
      'line 4, column 38: must be an object',
      'line 5, column 3: id a is already on line 2, column 3',
      'line 5, column 23: size must be a number',
      'line 5, column 35: tags must not be an object or contain one',
      'line 6, column 3: id is missing',
    ]);
  });

  test.each([
    ['[{"id": "a", "size": 1},]', 'not valid JSON'],
    ['{"id": "a", "size": 1}', 'one bad value'],
    ['[]', 'the test file has no things'],
    ['id,size\n', 'a header but no things'],
    ['', 'is empty'],
    ['id\na\n', 'must name the columns id,size once each, and may name tags; found id'],
    ['id,size,size\na,1,1\n', 'must name the columns'],
    ['id,size,colour\na,1,red\n', 'must name the columns'],
  ])('is refused in one sentence if it has no rows: %j', (text, words) => {
    const { message, exitCode } = faultOf(text);
    expect(message).toContain(words);
    expect(exitCode).toBe(2);
  });
});
