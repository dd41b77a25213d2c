/**
 * The price rules of one state of the tables, kept until their versions change. The read of the prices has the versions, so
 * a batch whose coupons are known reads nothing more. All rules of a batch belong together: an order never has coupons of
 * one state and rates of another.
 */
import { type Coupon, noRules, type Rules } from '../../domain/index.ts';
import {
  type CouponRow,
  couponColumns,
  couponFrom,
  type RateRules,
  type RuleVersions,
  selectCoupons,
  selectRateRules,
  selectRuleVersions,
} from '../../orders-db/index.ts';
import { appError } from '../../shared/errors/index.ts';
import { type Answer, rowsOf, type Session, type StatementBuffer } from '../../shared/mysql/index.ts';

export interface RuleBook {
  /** Writes the read of those coupons of `codes` that are not known. It writes nothing if all of them are. */
  ask(buffer: StatementBuffer, codes: readonly string[]): RuleQuestion;
}

/** A read in the buffer. The next may be asked once this one is answered or has failed. */
interface RuleQuestion {
  /** The rules of these versions, which were read in the same packet. Reads again in `session` if they changed. */
  answered(session: Session, answers: readonly Answer[], versions: RuleVersions): Promise<Rules>;
}

type CouponAnswer = { [Column in keyof CouponRow]: CouponRow[Column] | null } & {
  coupons_version: number;
  rates_version: number;
};

/** An import would have to commit between the reads of each of these attempts. */
const attemptsMax = 20;

/** Opens a book of at most `couponsMax` coupons. Each writer has its own, as it has its own catalogue. */
export function createRuleBook({ couponsMax = 100_000 }: { couponsMax?: number } = {}): RuleBook {
  let versions: RuleVersions = { coupons: -1, rates: -1 };
  let rates: RateRules = noRules;
  let coupons = new Map<string, Coupon>();
  // Codes without a coupon at this version, so that a wrong code that is used often causes only one lookup.
  let absent = new Set<string>();
  let rules: Rules = noRules;

  const forgetCoupons = () => {
    coupons = new Map();
    absent = new Set();
  };
  const add = (found: readonly Coupon[], asked: Iterable<string>) => {
    for (const coupon of found) coupons.set(coupon.code, coupon);
    for (const code of asked) if (!coupons.has(code)) absent.add(code);
  };
  const keep = (state: RuleVersions) => {
    versions = state;
    rules = { ...rates, version: state.coupons + state.rates, coupons };
    return rules;
  };

  /** Several reads, of which no import may be in the middle. */
  const readAnew = async (session: Session, codes: readonly string[]): Promise<Rules> => {
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const before = await selectRuleVersions(session);
      const newRates = before.rates === versions.rates ? rates : await selectRateRules(session);
      const found = await selectCoupons(session, codes);
      const after = await selectRuleVersions(session);
      if (before.coupons !== after.coupons || before.rates !== after.rates) continue;
      forgetCoupons();
      rates = newRates;
      add(found, codes);
      return keep(after);
    }
    throw appError('INTERNAL', { reason: `the price rules changed during ${attemptsMax} reads` });
  };

  return {
    ask(buffer, codes) {
      if (coupons.size + absent.size + codes.length > couponsMax) {
        forgetCoupons();
        rules = { ...rules, coupons };
      }
      const asked = [...new Set(codes)];
      const missing = asked.filter((code) => !coupons.has(code) && !absent.has(code));
      const place = missing.length === 0 ? null : layOutCoupons(buffer, missing);
      return {
        async answered(session, answers, read) {
          const rows = place === null ? [] : rowsOf<CouponAnswer>(answers[place]);
          const isKnown =
            isSame(read, versions) &&
            rows.every((row) => isSame({ coupons: row.coupons_version, rates: row.rates_version }, versions));
          if (!isKnown) return readAnew(session, asked);
          add(rows.filter(isCoupon).map(couponFrom), missing);
          return rules;
        },
      };
    },
  };
}

function isSame(a: RuleVersions, b: RuleVersions): boolean {
  return a.coupons === b.coupons && a.rates === b.rates;
}

/** Without a coupon, the row only has the versions. */
function isCoupon(row: CouponAnswer): row is CouponAnswer & CouponRow {
  return row.code !== null;
}

/** One statement has one read view, so the versions and the rows belong together. */
function layOutCoupons(buffer: StatementBuffer, codes: readonly string[]): number {
  buffer.begin(
    `SELECT k.version AS coupons_version, r.version AS rates_version, ${couponColumns('c')} FROM catalogue_state k ` +
      'JOIN catalogue_state r ON r.id = 3 LEFT JOIN coupons c ON c.code IN (',
  );
  for (const [index, code] of codes.entries()) {
    if (index > 0) buffer.comma();
    buffer.text(code);
  }
  buffer.sql(') WHERE k.id = 2');
  return buffer.end();
}
