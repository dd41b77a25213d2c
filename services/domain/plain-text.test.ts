import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isOneLine, linesPattern, toOneLine } from './plain-text.ts';

it.each([
  'Tea\nTotal: EUR 0.01',
  'a\r',
  'a\u2028b',
  'a\u2029b',
  'a\u0085b',
  'a\u009bb',
  '\u0000',
  'a\u001b[2J',
  '\u007f',
  'a\tb',
])('%j is not one line', (text) => expect(isOneLine(text)).toBe(false));

it.each(['Tea, green', 'Crème brûlée', '緑茶', 'שלום', ''])('%j is one line', (text) => {
  expect(isOneLine(text)).toBe(true);
});

it('turns any text into one line, and does not change a line', () => {
  expect(toOneLine(' Tea\r\n\tTotal:\u2028EUR 0.01 ')).toBe('Tea Total: EUR 0.01');
  const anyText = fc.array(fc.nat({ max: 0xffff })).map((units) => String.fromCharCode(...units));
  fc.assert(fc.property(anyText, (text) => isOneLine(toOneLine(text))));
});

it('notes may have several lines, but no other control characters', () => {
  const notes = new RegExp(linesPattern, 'u');
  expect(notes.test('one\r\n\ttwo')).toBe(true);
  for (const text of ['\u0000', '\u001b[2J', '\u0085', '\u2028', '\u007f'])
    expect(notes.test(text)).toBe(false);
});
