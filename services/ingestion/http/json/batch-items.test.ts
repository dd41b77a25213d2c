import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitBatch } from './batch-items.ts';

const textsOf = (text: string): string[] | null =>
  splitBatch(text, 500)?.map(({ from, survey }) => text.slice(from, survey.end)) ?? null;

test('finds the items of a batch with any content', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), fc.constantFrom(0, 2), (orders, indent) => {
      const texts = textsOf(JSON.stringify({ orders }, null, indent));
      expect(texts?.map((text) => JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(orders)));
    }),
    { numRuns: 1_000 },
  );
});

test('all items are JSON exactly if the whole text is JSON', () => {
  const token = fc.constantFrom(...['{', '}', '[', ']', ',', ':', '"a"', '"', '\\', '1', 'true', ' ']);
  fc.assert(
    fc.property(fc.array(token, { maxLength: 10 }), (tokens) => {
      const text = `{"orders":[${tokens.join('')}]}`;
      const texts = textsOf(text);
      if (texts === null) return;
      expect(texts.every(isJson), text).toBe(isJson(text));
    }),
    { numRuns: 5_000 },
  );
});

test('a text of another form has no items', () => {
  expect(textsOf('{"orders":[]}')).toBeNull();
  expect(textsOf('{"orders":[1],"x":2}')).toBeNull();
  expect(textsOf('[1]')).toBeNull();
  expect(textsOf('{"orders":[1]} x')).toBeNull();
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
