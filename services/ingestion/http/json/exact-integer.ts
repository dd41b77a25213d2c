/** Checks whether a number of a JSON text is an integer that JavaScript represents exactly. */

/** No integer of a request needs more characters. A longer token is refused before its digits are read. */
export const numberCharsMax = 64;
const exponentMax = 400;
/** 2^53 - 1 has sixteen digits. */
const digitsMax = 16;
const zero = 0x30;

/**
 * True if the token is an integer of at most 2^53 - 1. `1.0` and `1e2` are, `1.5` and `9007199254740993` are not.
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

/**
 * Uses a loop, because the pattern `0+$` restarts at each zero. It takes quadratic time if another digit follows
 * many zeros.
 */
function trailingZeros(digits: string): number {
  let count = 0;
  while (count < digits.length && digits.charCodeAt(digits.length - 1 - count) === zero) count++;
  return count;
}
