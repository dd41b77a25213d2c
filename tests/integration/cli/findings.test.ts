/** `orderstream findings list` with more findings than it prints. Counts come first, and JSON is complete. */
import mysql from 'mysql2/promise';
import { beforeAll, expect, test } from 'vitest';
import { orderstream } from '../../support/programs/command-line.ts';
import { useDatabase } from '../../support/servers/stack.ts';

const database = useDatabase('cli-findings');
const list = (...args: string[]) =>
  orderstream({ name: 'test', env: { MYSQL_URL: database().url } }, ['findings', 'list', ...args]);

beforeAll(async () => {
  const db = await mysql.createConnection(database().url);
  const rows = (kind: string, count: number, status: string) =>
    Array.from({ length: count }, (_, n) => [
      kind,
      `${status}-${n}`,
      '1',
      '2',
      'mend it',
      status,
      n % 7,
      n % 7,
    ]);
  await db.query(
    'INSERT INTO reconciliation_findings (kind, subject, expected, actual, remedy, status, first_seen_at_ms, last_seen_at_ms) VALUES ?',
    [
      [
        ...rows('ORDER_DIFFERS', 12_345, 'OPEN'),
        ...rows('ORDER_DIFFERS', 20, 'CLOSED'),
        ...rows('STOCK_DIFFERS', 3, 'OPEN'),
        ['FINDINGS_UNLISTED', 'ORDER_DIFFERS', 'at most 5000 of a kind', '{"unlisted":77}', '', 'OPEN', 9, 9],
      ],
    ],
  );
  await db.end();
});

test('counts by kind come first, then the newest, and the text says how many there are', async () => {
  const { code, stdout } = await list();
  expect(code).toBe(1);
  const lines = stdout.split('\n').map((line) => line.trim().split(/ {2,}/).join(' '));
  expect(lines.slice(0, 4)).toEqual([
    'kind status count',
    'FINDINGS_UNLISTED OPEN 1',
    'ORDER_DIFFERS OPEN 12,345',
    'STOCK_DIFFERS OPEN 3',
  ]);
  expect(lines[5]).toMatch(/^id kind subject/);
  expect(stdout).toContain('beyond those in the table, of ORDER_DIFFERS: {"unlisted":77}');
  expect(stdout).toContain('these are the newest 100 of 12,349');
});

test('JSON has every finding once', async () => {
  const { code, stdout } = await list('--json');
  expect(code).toBe(1);
  const ids = (JSON.parse(stdout) as { finding_id: number }[]).map(({ finding_id }) => finding_id);
  expect([ids.length, new Set(ids).size]).toEqual([12_349, 12_349]);
  expect(JSON.parse((await list('--json', '--all')).stdout)).toHaveLength(12_369);
  expect(JSON.parse((await list('--json', '--limit', '7')).stdout)).toHaveLength(7);
  expect(JSON.parse((await list('--json', '--kind', 'STOCK_DIFFERS')).stdout)).toHaveLength(3);
});
