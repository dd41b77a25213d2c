/** Erasures that only note what was asked. */
import { appError } from '../../shared/errors/index.ts';
import type { ReadTurns } from '../application/limits/reads.ts';
import type { EraseCustomer, ErasureRequest } from '../application/operators/erase-customer.ts';

export interface FakeErasures {
  readonly erasures: ErasureRequest[];
  /** Commands that are not decided when the time to wait is over. */
  undecided: number;
  readonly mysqlAway: boolean;
}

export function createFakeErasure(controls: FakeErasures, reads: ReadTurns): EraseCustomer {
  return (request) =>
    reads.run(request.operator, async () => {
      if (controls.mysqlAway) throw appError('MYSQL_TIMEOUT', { timeoutMs: 1 });
      controls.erasures.push(request);
      const counts = { orders: 2, openOrders: 1, reasons: 0, references: 0, errors: 3, outboxRows: 1 };
      return { ...counts, undecided: controls.undecided };
    });
}
