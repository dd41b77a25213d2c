import { describe, expect, it } from 'vitest';
import { type CouponRow, couponFrom } from '../../orders-db/index.ts';
import { appError, type ErrorCode, errorTable } from '../../shared/errors/index.ts';
import { classifyMysqlError, type MysqlErrorKind } from '../../shared/mysql/index.ts';
import { type Remedy, remedyFor } from './remedies.ts';

/** A coupon of a kind that only a newer version knows. */
const newerCoupon: CouponRow = {
  code: 'NEW',
  kind: 'NEWER',
  value: 1,
  currency: null,
  minimum: 0,
  valid_from_ms: null,
  valid_until_ms: null,
  scope: null,
  total_limit: null,
  customer_limit: null,
};

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

const driverError = (errno: number) => Object.assign(new Error(`errno ${errno}`), { errno });

describe('remedyFor', () => {
  it.each<[MysqlErrorKind, number, Remedy]>([
    ['duplicateKey', 1062, 'readIds'],
    ['deadlock', 1213, 'contend'],
    ['lockTimeout', 1205, 'contend'],
    ['connectionLost', 2013, 'reconnect'],
    ['timeout', 1969, 'reconnect'],
    ['timeout', 3024, 'reconnect'],
    ['readOnly', 1290, 'reconnect'],
    ['tooManyConnections', 1040, 'wait'],
    ['checkFailed', 3819, 'bisect'],
    ['checkFailed', 4025, 'bisect'],
    ['data', 1406, 'bisect'],
    ['data', 1153, 'bisect'],
    ['schema', 1146, 'wait'],
    // A newer migration added a column without a default. Without this remedy every order would be dead-lettered.
    ['schema', 1364, 'wait'],
    // The first code means a full disk, the second a cluster that has lost its majority.
    ['unavailable', 1114, 'wait'],
    ['unavailable', 1047, 'wait'],
    ['unknown', 99_999, 'suspect'],
    // A trigger throws this error.
    ['unknown', 1644, 'suspect'],
  ])('has the remedy for %s (%i)', (kind, errno, remedy) => {
    expect(classifyMysqlError(driverError(errno))).toBe(kind);
    expect(remedyFor(driverError(errno))).toBe(remedy);
  });

  it.each<[string, unknown, Remedy]>([
    ['a COMMIT without an answer', appError('COMMIT_UNKNOWN'), 'reclaim'],
    ['an event that does not fit its schema', appError('INVALID_VALUE'), 'bisect'],
    ['an event that is too long', appError('TOO_LONG'), 'bisect'],
    ['a number that no column can hold', new RangeError('1e300 is not a safe integer'), 'bisect'],
    [
      'a server error outside the table, as the session reports it',
      appError('MYSQL_UNKNOWN', { errno: 1644 }),
      'suspect',
    ],
    ['an error of the driver without a number', appError('MYSQL_UNKNOWN', { reason: 'odd bytes' }), 'wait'],
    ['a session that rejected its settings', appError('MYSQL_SETTINGS', { problems: [] }), 'reconnect'],
    ['a coupon of an unknown kind', thrownBy(() => couponFrom(newerCoupon)), 'hold'],
    ['a bug', new TypeError('x is not a function'), 'hold'],
    ['nothing at all', undefined, 'hold'],
  ])('has a remedy for %s', (_name, error, remedy) => {
    expect(remedyFor(error)).toBe(remedy);
  });

  it.each([
    "Duplicate entry 'a-b' for key 'payments_provider'",
    "Duplicate entry 'a-b' for key 'payments.payments_provider'",
  ])('decides again after a payment that another lane has stored: %s', (message) => {
    expect(remedyFor(Object.assign(new Error(message), { errno: 1062 }))).toBe('contend');
  });

  it('makes no dead letter for a transient error, and holds a lane at a fatal one', () => {
    for (const code of Object.keys(errorTable) as ErrorCode[]) {
      const remedy = remedyFor(appError(code));
      const { disposition } = errorTable[code];
      if (disposition === 'retry') {
        expect([code, remedy]).not.toEqual([code, 'bisect']);
        expect([code, remedy]).not.toEqual([code, 'hold']);
      }
      if (disposition === 'deadLetter') expect([code, remedy]).toEqual([code, 'bisect']);
      // These database errors are transient. A missing table may be created soon, and a new session may work.
      if (disposition === 'fatal' && !code.startsWith('MYSQL_'))
        expect([code, remedy]).toEqual([code, 'hold']);
    }
  });
});
