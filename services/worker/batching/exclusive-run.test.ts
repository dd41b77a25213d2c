import { expect, test } from 'vitest';
import { createExclusiveRun } from './exclusive-run.ts';

function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

test('shared runs overlap; an exclusive run waits for them and excludes others', async () => {
  const exclusiveRun = createExclusiveRun();
  const events: string[] = [];
  const gates = [gate(), gate(), gate()];
  const work = (name: string, until: Promise<void>) => async () => {
    events.push(`${name}+`);
    await until;
    events.push(`${name}-`);
  };
  const first = exclusiveRun.run('shared', work('a', gates[0]!.opened));
  const second = exclusiveRun.run('shared', work('b', gates[1]!.opened));
  const alone = exclusiveRun.run('exclusive', work('alone', gates[2]!.opened));
  const later = exclusiveRun.run('shared', work('c', Promise.resolve()));
  gates[0]!.open();
  await first;
  expect(events).toEqual(['a+', 'b+', 'a-']);
  gates[1]!.open();
  await second;
  gates[2]!.open();
  await Promise.all([alone, later]);
  expect(events.slice(3)).toEqual(['b-', 'alone+', 'alone-', 'c+', 'c-']);
});

test('a failed run lets the next one start, and its caller gets the error', async () => {
  const exclusiveRun = createExclusiveRun();
  await expect(exclusiveRun.run('exclusive', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await expect(exclusiveRun.run('shared', async () => 1)).resolves.toBe(1);
});
