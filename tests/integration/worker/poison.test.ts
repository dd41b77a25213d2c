/**
 * Some records are unreadable, and one crashes its worker. Each is dead-lettered, and its neighbours are
 * processed (invariant 7).
 */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type DeadLetter, readDeadLetters } from '../../support/arena/dead-letters.ts';
import { hostileCorpus } from '../../support/arena/hostile-corpus.ts';
import { newOrderOf, placeCommand } from '../../support/arena/load.ts';
import { audit } from '../../support/arena/reading/audit.ts';
import { killUntilQuarantined } from '../../support/arena/scenarios/killer.ts';
import { useArena } from '../../support/arena/use-arena.ts';

const used = useArena('poison');

describe('hostile records', () => {
  test('end as dead letters with their bytes and headers, between neighbours that are decided', async () => {
    const { arena, producer, skus } = used();
    const worker = await arena.startWorker();
    const hostile = new Map<string, DeadLetter>();
    // Sends of one lane keep their order. So each of these records has a valid one after it in the same lane.
    await Promise.all(
      hostileCorpus(arena.codecs).map(async ({ what, ...record }) => {
        const good = producer.send(placeCommand(newOrderOf(record.partition), [skus[0]!]));
        const { partition, offset } = await producer.sendRaw(record);
        hostile.set(`${partition}-${offset}`, { what, ...record });
        await good;
      }),
    );
    expect(hostile.size).toBeGreaterThanOrEqual(500);
    await arena.quiesce();

    const found = await readDeadLetters(arena);
    expect([...found.keys()].toSorted()).toEqual([...hostile.keys()].toSorted());
    for (const [position, { what, key, value, headers }] of hostile) {
      const letter = found.get(position)!;
      expect({ what, ...letter, headers: { ...letter.headers } }).toEqual({ what, key, value, headers });
    }
    const { findings, report } = await audit(arena, producer.history);
    expect(findings).toEqual([]);
    expect(report.outcomes['DEAD_LETTERED']).toBe(hostile.size);
    expect(report.outcomes['ACCEPTED']).toBe(hostile.size);
    await worker.stop();
  }, 120_000);

  test('only the record that crashes its worker is quarantined', async () => {
    const { arena, producer, skus } = used();
    const before = (await readDeadLetters(arena)).size;
    const killer = randomUUID();
    const deaths = await killUntilQuarantined(arena, producer, killer, skus);
    expect(deaths).toBeGreaterThanOrEqual(3);
    expect(deaths).toBeLessThanOrEqual(5);
    await arena.quiesce();
    const [row] = await arena.mysql.pool.rows<{ code: string; n: number }>(
      `SELECT reason_code AS code, COUNT(*) OVER () AS n FROM dead_letters WHERE reason_code = 'QUARANTINED'`,
    );
    expect(row).toEqual({ code: 'QUARANTINED', n: 1 });
    expect((await readDeadLetters(arena)).size).toBe(before + 1);
    expect((await audit(arena, producer.history)).findings).toEqual([]);
  }, 120_000);
});
