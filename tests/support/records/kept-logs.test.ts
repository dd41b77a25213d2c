import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { unique } from '../servers/stack.ts';
import { quietLog } from './kafka.ts';
import { keepLine, keptLogsVariable, logFaults, searchKeptLogs, servicesSeen } from './kept-logs.ts';
import { plantedPerson } from './planted.ts';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true });
});

/** Enough lines of every service to pass, and `more`. */
function kept(...more: string[]): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'kept-'));
  dirs.push(dir);
  const lines = servicesSeen.flatMap((service) =>
    Array.from({ length: 300 }, (_, n) => JSON.stringify({ service, msg: `line ${n}` })),
  );
  writeFileSync(path.join(dir, '1.ndjson'), [...lines, ...more].join('\n'));
  return dir;
}

describe('the search of the logs', () => {
  test('passes lines without planted data', () => {
    expect(logFaults(searchKeptLogs(kept('{"url":"mysql://orderstream:hidden@127.0.0.1/x"}')))).toEqual([]);
  });

  test.each([
    ['a name', `{"msg":"order of ${plantedPerson.name}"}`],
    ['an e-mail address', `{"to":"${plantedPerson.email}"}`],
    ['a token', '{"a":"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJjMSJ9.c2ln"}'],
    ['a webhook secret', `{"s":"whsec_${'A'.repeat(44)}"}`],
    ['a password', '{"url":"mysql://orderstream:orderstream@127.0.0.1:3306/x"}'],
  ])('finds %s', (_what, line) => {
    expect(logFaults(searchKeptLogs(kept(line)))).toHaveLength(1);
  });

  test('does not pass without lines, or without the lines of a service', () => {
    expect(logFaults(searchKeptLogs('/nowhere'))).toHaveLength(1 + servicesSeen.length);
    const { lines, services } = searchKeptLogs(kept());
    const { worker: _worker, ...others } = services;
    expect(logFaults({ lines, services: others, leaks: [] })).toEqual(['no log line of worker was kept']);
  });

  test('what a service logs in a test is among the lines', () => {
    const [one, two] = [unique('canary'), unique('canary')];
    quietLog.debug({ one }, 'a line that must be found again');
    keepLine(JSON.stringify({ service: 'canary', two }));
    const dir = process.env[keptLogsVariable]!;
    const text = readdirSync(dir).map((name) => readFileSync(path.join(dir, name), 'utf8'));
    expect(text.join('')).toContain(one);
    expect(text.join('')).toContain(two);
  });
});
