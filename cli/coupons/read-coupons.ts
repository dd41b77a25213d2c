/** A file of coupons, CSV or JSON. */
import { currencyCell, identifierCell, optionalNumber, wholeNumber, wordsOf } from '../tables/cells.ts';
import { type Cells, quoted, readTable, type TableSpec } from '../tables/read-table.ts';
import { isTimeZone, startOfDayMs } from './local-day.ts';

const couponKinds = ['PERCENT', 'AMOUNT', 'FREE_SHIPPING'] as const;

/** A row of `coupons`. */
export interface CouponRow {
  code: string;
  kind: (typeof couponKinds)[number];
  /** Basis points of PERCENT, minor units of AMOUNT, 0 of FREE_SHIPPING. */
  value: number;
  currency: string | null;
  /** Minor units. */
  minimum: number;
  /** Valid from this instant until just before `validUntilMs`. */
  validFromMs: number | null;
  validUntilMs: number | null;
  scope: string[] | null;
  totalLimit: number | null;
  customerLimit: number | null;
}

type Column =
  | 'code'
  | 'kind'
  | 'percent_bp'
  | 'amount_minor'
  | 'currency'
  | 'minimum_minor'
  | 'valid_from'
  | 'valid_through'
  | 'time_zone'
  | 'skus'
  | 'total_limit'
  | 'customer_limit';

const scopeEntriesMax = 500;
const limitMax = 1_000_000_000;

const spec: TableSpec<Column, CouponRow> = {
  file: 'coupon file',
  items: 'coupons',
  required: ['code', 'kind'],
  optional: [
    'percent_bp',
    'amount_minor',
    'currency',
    'minimum_minor',
    'valid_from',
    'valid_through',
    'time_zone',
    'skus',
    'total_limit',
    'customer_limit',
  ],
  key: { name: 'code', of: ({ code }) => code },
  read: readCoupon,
};

/**
 * The coupons of a file. A local day becomes an instant of its time zone: `valid_through` is the last day.
 * @throws CliError (exit code 2) that lists every fault; then no row is returned.
 */
export function readCoupons(text: string): CouponRow[] {
  return readTable(text, spec);
}

function readCoupon(row: Cells<Column>): CouponRow {
  const kind = kindOf(row);
  const currency = row.text('currency') === '' ? null : currencyCell(row, 'currency');
  const minimum = optionalNumber(row, 'minimum_minor', 'a whole number of minor units') ?? 0;
  if (currency === null && (kind === 'AMOUNT' || minimum > 0)) {
    row.fault('currency', 'is needed for an amount or a minimum');
  }
  return {
    code: identifierCell(row, 'code'),
    kind,
    value: discountOf(row, kind),
    currency,
    minimum,
    ...windowOf(row),
    scope: scopeOf(row),
    totalLimit: optionalNumber(row, 'total_limit', 'a whole number', { min: 1, max: limitMax }),
    customerLimit: optionalNumber(row, 'customer_limit', 'a whole number', { min: 1, max: limitMax }),
  };
}

function kindOf(row: Cells<Column>): CouponRow['kind'] {
  const kind = couponKinds.find((each) => each === row.text('kind').toUpperCase());
  if (kind === undefined) {
    row.fault('kind', `must be percent, amount or free_shipping, found ${quoted(row.text('kind'))}`);
  }
  return kind ?? 'FREE_SHIPPING';
}

/** The column of the kind has the value, and the other one is empty. */
function discountOf(row: Cells<Column>, kind: CouponRow['kind']): number {
  for (const [column, of] of [
    ['percent_bp', 'PERCENT'],
    ['amount_minor', 'AMOUNT'],
  ] as const) {
    if (kind !== of && row.text(column) !== '') {
      row.fault(column, `must be empty for ${kind.toLowerCase()}`);
    }
  }
  switch (kind) {
    case 'PERCENT':
      return wholeNumber(row, 'percent_bp', 'basis points (1000 are 10 %)', { min: 1, max: 10_000 });
    case 'AMOUNT':
      return wholeNumber(row, 'amount_minor', 'a whole number of minor units', { min: 1 });
    case 'FREE_SHIPPING':
      return 0;
  }
}

function windowOf(row: Cells<Column>): Pick<CouponRow, 'validFromMs' | 'validUntilMs'> {
  const zone = row.text('time_zone') || 'UTC';
  if (!isTimeZone(zone)) {
    row.fault('time_zone', `must be an IANA time zone such as Europe/Berlin, found ${quoted(zone)}`);
    return { validFromMs: null, validUntilMs: null };
  }
  const instant = (column: 'valid_from' | 'valid_through', daysLater: number) => {
    const day = row.text(column);
    if (day === '') return null;
    const atMs = startOfDayMs(day, zone, daysLater);
    if (atMs === null) row.fault(column, `must be a day such as 2026-10-25, found ${quoted(day)}`);
    return atMs;
  };
  const validFromMs = instant('valid_from', 0);
  const validUntilMs = instant('valid_through', 1);
  if (validFromMs !== null && validUntilMs !== null && validUntilMs <= validFromMs) {
    row.fault('valid_through', 'must not be before valid_from');
  }
  return { validFromMs, validUntilMs };
}

/** SKUs that spaces separate. An entry that ends in `*` is a prefix. */
function scopeOf(row: Cells<Column>): string[] | null {
  const entries = [...new Set(wordsOf(row.text('skus')))];
  if (entries.length === 0) return null;
  if (entries.length > scopeEntriesMax) row.fault('skus', `must have at most ${scopeEntriesMax} entries`);
  const bad = entries.find((entry) => !/^[\x21-\x7e]{1,64}$/.test(entry));
  if (bad !== undefined) {
    row.fault('skus', `must be SKUs of 1 to 64 visible ASCII characters, found ${quoted(bad)}`);
  }
  return entries;
}
