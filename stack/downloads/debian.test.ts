import { expect, test } from 'vitest';
import { memberOf } from './debian.ts';

const member = (name: string, text: string): string =>
  `${name.padEnd(48)}${String(text.length).padEnd(10)}\`\n${text}${text.length % 2 ? '\n' : ''}`;
const archive = Buffer.from(
  `!<arch>\n${member('debian-binary', '2.0')}${member('control.tar.xz/', 'four')}${member('data.tar.xz', 'files')}`,
);

test('a member of the archive is found behind members of odd length', () => {
  expect(memberOf(archive, 'data.tar.xz').toString()).toBe('files');
  expect(memberOf(archive, 'control.tar.xz').toString()).toBe('four');
});

test('a missing member and another file are errors', () => {
  expect(() => memberOf(archive, 'data.tar.zst')).toThrow('The Debian package has no data.tar.zst.');
  expect(() => memberOf(Buffer.from('<html>'), 'data.tar.xz')).toThrow('This is no Debian package.');
});
