/** Bounds of the fields of commands. A value beyond them would not fit its column or its message. */
import { isUuid } from '../../shared/ids/index.ts';
import { amountMax } from '../pricing/money.ts';

const providerPattern = /^[A-Za-z0-9._-]{1,64}$/;
const providerIdPattern = /^[!-~]{1,128}$/;
const codePattern = /^[!-~]{1,64}$/;
export const currencyPattern = /^[A-Z]{3}$/;
/** Maximum number of characters of a text for people. The API allows fewer. */
const textLengthMax = 2_000;
const referenceLengthMax = 255;
const nameLengthMax = 128;
/** The largest time that a Date can hold. */
const timeMaxMs = 8.64e15;

export function providerProblem(provider: string): string | null {
  return providerPattern.test(provider)
    ? null
    : 'provider is not 1-64 letters, digits, dots, hyphens or underscores';
}

export function providerIdProblem(name: string, id: string | null): string | null {
  return id === null || providerIdPattern.test(id) ? null : `${name} is not 1-128 visible ASCII characters`;
}

export function codeProblem(name: string, code: string | null): string | null {
  return code === null || codePattern.test(code) ? null : `${name} is not 1-64 visible ASCII characters`;
}

export function moneyProblem({ amount, currency }: { amount: number; currency: string }): string | null {
  if (amount < 1 || amount > amountMax) return `amount is not 1-${amountMax}`;
  return currencyPattern.test(currency) ? null : 'currency is not an ISO 4217 code';
}

export function refundIdProblem(refundId: string | null): string | null {
  return refundId === null || isUuid(refundId) ? null : 'refundId is not a lower-case UUID';
}

export function textProblem(name: string, text: string | null): string | null {
  return text === null || text.length <= textLengthMax
    ? null
    : `${name} is longer than ${textLengthMax} characters`;
}

/** Of a carrier or a tracking number. */
export function nameProblem(name: string, text: string | null): string | null {
  // Counts code points, as the columns and the schemas of the API do.
  const isShort = text === null || (text.length <= 2 * nameLengthMax && [...text].length <= nameLengthMax);
  return isShort ? null : `${name} is longer than ${nameLengthMax} characters`;
}

export function timeProblem(name: string, atMs: number): string | null {
  return atMs >= 0 && atMs <= timeMaxMs ? null : `${name} is not a time after 1970`;
}

export function referenceProblem(reference: string | null): string | null {
  if (reference === null || reference.length <= referenceLengthMax) return null;
  return `reference is longer than ${referenceLengthMax} characters`;
}

/** Each line once, with a positive number and quantity. */
export function linesProblem(
  lines: readonly { line: number; quantity: number }[],
  linesMax: number,
): string | null {
  if (lines.length > linesMax) return `lines has more than ${linesMax} entries`;
  if (lines.some(({ line, quantity }) => line < 1 || line > linesMax || quantity < 1)) {
    return `a line is not 1-${linesMax}, or its quantity is below 1`;
  }
  return new Set(lines.map(({ line }) => line)).size === lines.length ? null : 'a line occurs twice';
}
