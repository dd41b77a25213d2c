import { beforeEach, describe, expect, it } from 'vitest';
import { appError } from '../../shared/errors/index.ts';
import type { Session } from '../../shared/mysql/index.ts';
import type { SessionKeeper } from '../batching/session-keeper.ts';
import { type LaneBatch, takeBatch } from '../lanes/batch.ts';
import type { Lane } from '../lanes/lane.ts';
import { Quarantine } from '../stages/quarantine.ts';
import { openLane, silent } from '../testing/fakes.ts';
import { judgeAlone } from './judge-record.ts';

const triggerError = appError('MYSQL_UNKNOWN', { errno: 1644, reason: 'a trigger refused it' });

let lane: Lane;
let batch: LaneBatch[];
let quarantine: Quarantine;
/** The error of the database for a test batch; null if the database accepts it. */
let refusal: Error | null;
let written: string[];

beforeEach(() => {
  lane = openLane(3, 1);
  batch = takeBatch([lane], { recordsMax: 1, bytesMax: 1_000 });
  quarantine = new Quarantine();
  refusal = null;
  written = [];
});

function deps() {
  const session = {
    alive: true,
    begin: async () => void written.push('BEGIN'),
    rollback: async () => void written.push('ROLLBACK'),
    commit: async () => void written.push('COMMIT'),
    async write(sql: string) {
      if (refusal !== null) throw refusal;
      written.push(sql.split(' ')[2]!);
    },
  } as unknown as Session;
  const sessions = { open: async () => session, drop: () => undefined } as unknown as SessionKeeper;
  return { sessions, quarantine, log: silent };
}

describe('a record that fails alone', () => {
  it('becomes a dead letter if it fails between two successful test batches', async () => {
    const judged = { batch, rehearsed: false };
    expect(await judgeAlone(deps(), judged, triggerError)).toBe('again');
    expect(quarantine.verdictOn(3, 0)).toBeNull();
    expect(await judgeAlone(deps(), judged, triggerError)).toBe('again');
    expect(quarantine.verdictOn(3, 0)).toEqual({
      code: 'DATA_REFUSED',
      message: 'The database refused its data (unknown, error 1644).',
    });
    expect(lane.retriesAlone).toBe(false);
  });

  it('is not the cause while the database refuses test batches too: its lane waits', async () => {
    refusal = appError('MYSQL_UNKNOWN', { errno: 1644, reason: 'it refuses everybody' });
    expect(await judgeAlone(deps(), { batch, rehearsed: true }, triggerError)).toBe('done');
    expect(quarantine.verdictOn(3, 0)).toBeNull();
    expect(lane.snapshot().wait).toMatchObject({ place: 'decide', needsOperator: false });
    expect(lane.snapshot().wait?.why).toContain('it refuses everybody');
  });

  it('needs no test batch if its own bytes cannot be encoded', async () => {
    refusal = new Error('not asked');
    expect(await judgeAlone(deps(), { batch, rehearsed: false }, new RangeError('too large'))).toBe('again');
    expect(quarantine.verdictOn(3, 0)?.message).toBe('too large');
  });

  it('blocks its lane until an operator acts if the database refuses even its dead letter', async () => {
    quarantine.recordFailed(3, 0, new Error('before'));
    expect(await judgeAlone(deps(), { batch, rehearsed: true }, triggerError)).toBe('done');
    expect(quarantine.verdictOn(3, 0)).toBeNull();
    expect(lane.snapshot().wait).toMatchObject({ needsOperator: true });
  });

  it('leaves no rows of a test batch in the tables', async () => {
    await judgeAlone(deps(), { batch, rehearsed: false }, triggerError);
    expect([written[0], written.at(-1)]).toEqual(['BEGIN', 'ROLLBACK']);
    expect(written).not.toContain('COMMIT');
    expect(written).toEqual(
      expect.arrayContaining([
        'orders',
        'order_items',
        'order_history',
        'order_commands',
        'outbox',
        'dead_letters',
      ]),
    );
  });
});
