/** The contract in `schemas/proto`: its style, what clients hold, and the lists that it shares with the product. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { orderStatuses } from '../../domain/index.ts';
import { problemTable } from '../problems/problem-table.ts';
import { CommandOutcome, OrderStatus } from './generated/orderstream/v1/orders_pb.ts';
import { statusCodeOf } from './status-code.ts';

const root = path.join(import.meta.dirname, '..', '..', '..');
const buf = (...args: string[]): string =>
  execFileSync(path.join(root, 'node_modules', '.bin', 'buf'), args, {
    cwd: path.join(root, 'schemas', 'proto'),
    encoding: 'utf8',
  });

test('buf finds no fault of style', () => {
  expect(buf('lint')).toBe('');
});

test('nothing breaks the clients of the released files', () => {
  expect(buf('breaking', '--against', '../proto-released')).toBe('');
});

test('the statuses are those of the HTTP API', () => {
  const { UNSPECIFIED, ...statuses } = OrderStatus;
  expect(UNSPECIFIED).toBe(0);
  expect(new Set(Object.keys(statuses))).toEqual(new Set([...orderStatuses, 'DEAD_LETTERED']));
});

test('the outcomes of commands are those of the HTTP API', () => {
  expect(Object.keys(CommandOutcome)).toEqual([
    'UNSPECIFIED',
    'QUEUED',
    'APPLIED',
    'REFUSED',
    'DEAD_LETTERED',
  ]);
});

test('each problem that gRPC can return has a status', () => {
  const httpOnly = [
    'METHOD_NOT_ALLOWED',
    'MEDIA_TYPE_UNSUPPORTED',
    'EXPECTATION_FAILED',
    'HEADERS_TOO_LARGE',
    'INTERNAL',
  ];
  const internal = (Object.keys(problemTable) as (keyof typeof problemTable)[]).filter(
    (code) => statusCodeOf(code) === 13,
  );
  expect(internal.sort()).toEqual(httpOnly.sort());
});
