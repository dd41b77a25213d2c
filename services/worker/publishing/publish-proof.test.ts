import { describe, expect, it } from 'vitest';
import { type Metrics, noMetrics } from '../../shared/metrics/index.ts';
import type { Queryable } from '../../shared/mysql/index.ts';
import type { Lane } from '../lanes/lane.ts';
import { openLane, silent } from '../testing/fakes.ts';
import { createPublishProof } from './publish-proof.ts';

const pauseMaxMs = 1_000;
type Row = { epoch: number; next_offset: number; owner: string };

/**
 * A proof of a batch up to offset 4 of a lane held at epoch 1. The database returns the given row or throws the given
 * error.
 */
function proofOver(answers: (Row | Error | undefined)[], lane: Lane = openLane(0, 0)) {
  let asked = 0;
  let withheld = 0;
  const inc = ((name: string) => {
    if (name === 'worker_publishes_withheld_total') withheld += 1;
  }) as Metrics['inc'];
  const db = {
    async rows() {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (answer instanceof Error) throw answer;
      return answer === undefined ? [] : [{ partition_id: 0, ...answer }];
    },
  } as unknown as Queryable;
  const proofOf = createPublishProof({
    topic: 't',
    db,
    owner: 'me',
    pauseMaxMs,
    metrics: { ...noMetrics, inc },
    log: silent,
  });
  const publication = {
    lane,
    epoch: 1,
    from: 0,
    to: 4,
    blob: Buffer.alloc(0),
    provenAtMs: performance.now(),
  };
  return { proof: proofOf(publication), publication, asked: () => asked, withheld: () => withheld };
}

const ours: Row = { epoch: 1, next_offset: 4, owner: 'me' };

describe('publishing after a pause', () => {
  it('does not ask the database after a short pause', () => {
    const { proof, publication } = proofOver([ours]);
    expect(proof.untilMs).toBe(publication.provenAtMs + pauseMaxMs);
  });

  it('continues if the commit exists and the lane has the same owner', async () => {
    expect(await proofOver([ours]).proof.renew()).toBeGreaterThan(performance.now());
  });

  it.each<[string, Row | undefined]>([
    ['another worker has claimed the lane', { ...ours, epoch: 2, owner: 'other' }],
    ['a restored database has given the same epoch to another owner', { ...ours, owner: 'other' }],
    ['the commit is gone', { ...ours, next_offset: 0 }],
    ['the lane has no row', undefined],
  ])('is refused if %s', async (_what, row) => {
    const { proof, withheld } = proofOver([row]);
    await expect(proof.renew()).rejects.toMatchObject({ code: 'ABORTED' });
    expect(withheld()).toBe(1);
  });

  it('waits for an unavailable database, and ends when its lane is closed', async () => {
    const back = proofOver([new Error('away'), ours]);
    expect(await back.proof.renew()).toBeGreaterThan(0);
    expect(back.asked()).toBe(2);
    const lane = openLane(0, 0);
    const { proof, withheld } = proofOver([new Error('away')], lane);
    const renewed = proof.renew();
    lane.close();
    await expect(renewed).rejects.toMatchObject({ code: 'ABORTED' });
    expect(withheld()).toBe(1);
  });
});
