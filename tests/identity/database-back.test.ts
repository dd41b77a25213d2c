/**
 * A database is restored to its state of a few seconds ago. No stock is sold twice, and no command gets two
 * outcomes.
 */
import { describe, expect, test } from 'vitest';
import { audit } from '../support/arena/reading/audit.ts';
import { commitLostWhileFrozen, databasePutBack } from '../support/arena/scenarios/identity/database.ts';
import { useArena } from '../support/arena/use-arena.ts';

const used = useArena('database-back');
const scarce = { sku: 'SCARCE-4', stock: 4 };

describe('a restored database', () => {
  test('stops every lane of every worker before anything is sold again, until the newer data is back', async () => {
    const { arena, producer } = used();
    await arena.mysql.pool.write(
      `INSERT INTO products (sku,name,unit_price,currency,version,updated_at_ms) VALUES ('${scarce.sku}','Scarce',250,'EUR',1,0)`,
    );
    await arena.mysql.pool.write(
      `INSERT INTO stock (sku,initial,available) VALUES ('${scarce.sku}',${scarce.stock},${scarce.stock})`,
    );
    expect(await databasePutBack(arena, producer, scarce)).toEqual([]);
    expect((await audit(arena, producer.history)).findings).toEqual([]);
  }, 240_000);

  test('lets a worker that was frozen after the lost COMMIT publish nothing', async () => {
    const { arena, producer, skus } = used();
    expect(await commitLostWhileFrozen(arena, producer, skus[0]!)).toEqual([]);
    expect((await audit(arena, producer.history)).findings).toEqual([]);
  }, 240_000);
});
