import type { FastifyReply, FastifyRequest } from 'fastify';
import { beforeEach, expect, it } from 'vitest';
import type { Logger } from '../../../shared/log/index.ts';
import { createAccessLog } from './access-log.ts';

let nowMs: number;
let lines: Record<string, unknown>[];
const clock = { monotonicMs: () => nowMs };
const log = { info: (fields: Record<string, unknown>) => lines.push(fields) } as unknown as Logger;

beforeEach(() => {
  nowMs = 0;
  lines = [];
});

function answer(status: number, caller = 'c1'): [FastifyRequest, FastifyReply, string] {
  const request = { headers: {}, caller: { customerId: caller }, traceId: null } as unknown as FastifyRequest;
  return [request, { statusCode: status, elapsedTime: 12.3 } as FastifyReply, 'placeOrder'];
}

it('logs route, status, duration, trace id and a hash of the caller', () => {
  createAccessLog({ log, linesPerSecond: () => 5, clock })(...answer(202));
  expect(lines).toEqual([
    {
      ...{ route: 'placeOrder', status: 202, ms: 12 },
      ...{ traceId: expect.stringMatching(/^[0-9a-f]{32}$/), caller: expect.stringMatching(/^[0-9a-f]{8}$/) },
    },
  ]);
  expect(JSON.stringify(lines)).not.toContain('c1"');
});

it('skips lines beyond the rate, and says later how many', () => {
  const note = createAccessLog({ log, linesPerSecond: () => 2, clock });
  for (let i = 0; i < 5; i++) note(...answer(202));
  expect(lines).toHaveLength(2);
  nowMs = 1_000;
  note(...answer(202));
  expect(lines.at(-1)).toMatchObject({ skipped: 3 });
});

it('never lets good answers hide a server error', () => {
  const note = createAccessLog({ log, linesPerSecond: () => 1, clock });
  for (let i = 0; i < 5; i++) note(...answer(202));
  note(...answer(503));
  expect(lines.map(({ status }) => status)).toEqual([202, 503]);
});

it('is off with 0 lines per second', () => {
  createAccessLog({ log, linesPerSecond: () => 0, clock })(...answer(500));
  expect(lines).toEqual([]);
});
