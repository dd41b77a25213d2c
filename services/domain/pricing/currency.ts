/**
 * The number of decimal places of each currency, from ISO 4217, list one, by its maintenance agency
 * (https://www.six-group.com/en/products-services/financial-information/data-standards.html).
 *
 * The code does not use `Intl`, because `Intl` describes how people write a currency, not its minor unit. `Intl`
 * gives HUF, IDR, IQD and COP no digits, but ISO 4217 gives them two or three. An order cannot use a code without a
 * minor unit (gold, XTS, XXX).
 */

/** Decimal places of the codes that do not have two places. */
const exponents: ReadonlyMap<string, number> = new Map([
  ...digitsOf(0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'),
  ...digitsOf(3, 'BHD IQD JOD KWD LYD OMR TND'),
  ...digitsOf(4, 'CLF UYW'),
]);

/** The codes with two decimal places. BGN was withdrawn in 2026, but stays because the API still shows orders in it. */
const twoDigits = new Set(
  [
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW',
    'CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR',
    'ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV',
    'MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD',
    'SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG',
  ].flatMap((line) => line.split(' ')),
);

/** Every active code that has a minor unit. */
export const currencies: ReadonlySet<string> = new Set([...exponents.keys(), ...twoDigits].sort());

/** The decimal places of a currency, 0 to 4. Null if the code is not an active currency with a minor unit. */
export function minorUnitDigits(currency: string): number | null {
  return exponents.get(currency) ?? (twoDigits.has(currency) ? 2 : null);
}

/**
 * An amount as text: `EUR 1,234.50`, `JPY 500`, `KWD 1.234`, with a no-break space. The text is exact, because the
 * function uses integers only. Null if the currency is unknown, because a guess could be wrong by a factor of a
 * thousand.
 *
 * @param minorUnits a safe integer
 */
export function amountText(minorUnits: number, currency: string): string | null {
  const digits = minorUnitDigits(currency);
  if (digits === null) return null;
  const sign = minorUnits < 0 ? '-' : '';
  const text = String(Math.abs(minorUnits)).padStart(digits + 1, '0');
  const point = text.length - digits;
  const whole = text.slice(0, point).replace(/\B(?=(?:\d{3})+$)/g, ',');
  return `${currency}\u00a0${sign}${whole}${digits === 0 ? '' : `.${text.slice(point)}`}`;
}

function digitsOf(digits: number, codes: string): [string, number][] {
  return codes.split(' ').map((code) => [code, digits]);
}
