/** The switch for refunds that the decision requests by itself. `orderstream rules set` changes it. */
import type { Queryable } from '../../shared/mysql/index.ts';

/** `hold`: refunds of surplus, late, wrong and unmatched money wait. */
export async function readAutoRefund(db: Queryable): Promise<'on' | 'hold'> {
  const [row] = await db.rows<{ value: string }>("SELECT value FROM rule_flags WHERE name = 'autoRefund'");
  return row?.value === 'hold' ? 'hold' : 'on';
}
