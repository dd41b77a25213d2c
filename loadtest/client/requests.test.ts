import { describe, expect, it } from 'vitest';
import { createRequestMaker, type RequestKind } from './requests.ts';

const place: RequestKind = { kind: 'place', waitSeconds: 5 };

function texts(what: RequestKind, count: number, tokens = ['t1']): string[] {
  const maker = createRequestMaker('p0-', 1_000, what);
  const nexts = tokens.map((token) => maker.requestsOf(token));
  return Array.from({ length: count }, (_, i) => Buffer.from(nexts[i % nexts.length]!()).toString('latin1'));
}

function bodyOf(text: string): string {
  const [head, body] = text.split('\r\n\r\n') as [string, string];
  expect(head).toContain(`content-length: ${body.length}`);
  return body;
}

describe('requests', () => {
  it('single orders are complete HTTP messages, each with its own key, for every sender', () => {
    const made = texts(place, 600, ['t1', 't2']);
    const keys = made.map((text) => /\r\nidempotency-key: (p0-\d{9})\r\n/.exec(text)?.[1]);
    expect(new Set(keys).size).toBe(600);
    expect(keys[599]).toBe('p0-000000599');
    for (const text of made) expect(JSON.parse(bodyOf(text))).toMatchObject({ currency: 'EUR' });
    expect(made[1]).toContain('authorization: Bearer t2\r\n');
    expect(made[0]).toContain('prefer: wait=5\r\n');
  });

  it('each order of a batch has its own key', () => {
    const made = texts({ kind: 'batch', orders: 20 }, 30);
    const keys = made.flatMap((text) =>
      (JSON.parse(bodyOf(text)) as { orders: { idempotencyKey: string }[] }).orders.map(
        ({ idempotencyKey }) => idempotencyKey,
      ),
    );
    expect(new Set(keys).size).toBe(600);
    expect(keys.every((key) => /^p0-\d{9}$/.test(key))).toBe(true);
  });
});
