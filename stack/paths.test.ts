import { expect, test } from 'vitest';
import { StackError } from './errors.ts';
import { mustBeUsable } from './paths.ts';

test.each(['/home/ada/orders', '/home/ada/my orders', '/home/ada/bestellungen-é-注文', "/o'neill #1 (50%)"])(
  'takes %s',
  (folder) => expect(() => mustBeUsable('The checkout', folder)).not.toThrow(),
);

test.each(['/a:b', '/a;b', '/a,b', '/a"b', '/a\\b', '/a\nb'])('refuses %j in one sentence', (folder) => {
  const refused = (): void => mustBeUsable('The checkout', folder);
  expect(refused).toThrow(StackError);
  expect(refused).toThrow(/^The checkout is .* with the character ".{1,2}"; use another folder\.$/s);
});
