import { describe, expect, it } from 'vitest';
import { appError } from '../errors/index.ts';
import { createLogger, setLogLevel } from './index.ts';

function capture() {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({
    service: 'worker',
    level: 'info',
    instanceId: 'w1',
    destination: { write: (line) => void lines.push(JSON.parse(line)) },
  });
  return { log, lines };
}

describe('createLogger', () => {
  it('writes one JSON line with service, instance and level as a word', () => {
    const { log, lines } = capture();
    log.info({ partition: 3, offset: 12n }, 'batch decided');
    log.debug('below the level');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: 'info',
      service: 'worker',
      instanceId: 'w1',
      partition: 3,
      offset: '12',
      msg: 'batch decided',
    });
  });

  it('hides credentials and personal data at any depth, in any case', () => {
    const { log, lines } = capture();
    log.info({
      order: {
        lines: [{ sku: 'A' }],
        shippingAddress: { line1: 'Main St' },
        deep: { list: [{ contact: { email: 'a@b.c' } }] },
      },
      headers: { Authorization: 'Bearer xyz' },
      token: 'xyz',
    });
    const text = JSON.stringify(lines[0]);
    for (const told of ['Main St', 'a@b.c', 'xyz']) expect(text).not.toContain(told);
    expect(text).toContain('"sku":"A"');
  });

  it('hides the secret bindings of a child logger', () => {
    const { log, lines } = capture();
    log
      .child({ password: 'hunter2' })
      .child({ lane: { secret: 'hunter2', partition: 3 } })
      .info('bound');
    expect(lines[0]).toMatchObject({ lane: { partition: 3 }, service: 'worker' });
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });

  it('shows an error with code, details and cause, but not the statement that a driver attaches to it', () => {
    const { log, lines } = capture();
    const cause = Object.assign(new Error('Duplicate entry'), { errno: 1062, sql: "INSERT … 'Jane Doe'" });
    log.error({ err: appError('MYSQL_DUPLICATE_KEY', { reason: 'k', email: 'a@b.c' }, { cause }) }, 'failed');
    expect(lines[0]).toMatchObject({
      err: {
        code: 'MYSQL_DUPLICATE_KEY',
        details: { reason: 'k', email: '[redacted]' },
        cause: { errno: 1062, message: 'Duplicate entry' },
      },
    });
    expect(JSON.stringify(lines)).not.toContain('Jane Doe');
  });

  it('changes the level of its children too', () => {
    const { log, lines } = capture();
    const child = log.child({ lane: 1 });
    child.debug('before');
    setLogLevel(log, 'debug');
    child.debug('after');
    child.child({ record: 2 }).debug('grandchild');
    expect(lines.map(({ msg }) => msg)).toEqual(['after', 'grandchild']);
  });

  it('shows bytes by their length and survives a circle', () => {
    const { log, lines } = capture();
    const circle: Record<string, unknown> = { value: Buffer.alloc(900) };
    circle['self'] = circle;
    log.info({ circle });
    expect(JSON.stringify(lines[0])).toContain('[900 bytes]');
  });

  it('accepts an error as the first argument', () => {
    const { log, lines } = capture();
    log.error(Object.assign(new Error('bare'), { sql: 'SELECT secret' }));
    expect(lines[0]).toMatchObject({ msg: 'bare', err: { message: 'bare' } });
    expect(JSON.stringify(lines)).not.toContain('SELECT secret');
  });
});
