/** Which number tokens of a JSON text are integers that JavaScript represents exactly. */

/** No integer of a request needs more. A longer token is refused before its digits are read. */
export const numberCharsMax = 64;
const exponentMax = 400;
/** 2^53 - 1 has sixteen digits. */
const digitsMax = 16;
const zero = 0x30;

/**
 * True when the decimal text names an integer of at most 2^53 - 1; `1.0` and `1e2` do, `1.5` and `9007199254740993` do not.
 * The work is linear in the length of the token.
 */
export function isExactInteger(token: string): boolean {
  const [, whole = '', fraction = '', power = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(token) ?? [];
  const digits = whole + fraction;
  const from = leadingZeros(digits);
  if (from === digits.length) return whole !== '';
  const to = digits.length - trailingZeros(digits);
  const exponent = Number(power) - fraction.length + (digits.length - to);
  if (exponent < 0 || exponent > exponentMax || to - from + exponent > digitsMax) return false;
  return BigInt(digits.slice(from, to)) * 10n ** BigInt(exponent) <= BigInt(Number.MAX_SAFE_INTEGER);
}

function leadingZeros(digits: string): number {
  let count = 0;
  while (count < digits.length && digits.charCodeAt(count) === zero) count++;
  return count;
}

/** A loop: the pattern `0+$` restarts at each zero, which is quadratic if zeros precede another digit. */
function trailingZeros(digits: string): number {
  let count = 0;
  while (count < digits.length && digits.charCodeAt(digits.length - 1 - count) === zero) count++;
  return count;
}
