/**
 * Checks the e-mail address of an order. Only addresses that every mail system reads in the same way are valid. Such
 * an address is a dot-atom, an `@` and a host name, in ASCII. (RFC 5321, 4.1.2, without quoted strings and address
 * literals.)
 *
 * A mail library may rewrite other addresses and then send to another mailbox. It may drop `<` and `>`, quote spaces
 * and commas, and turn a domain such as `0x7f.1` into `127.0.0.1`. The last label of a valid domain begins with a
 * letter, so no library reads it as a number.
 */

/** The longest mailbox of SMTP (RFC 3696, erratum 1690). */
export const mailAddressLengthMax = 254;
const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const labelEnd = '([A-Za-z0-9-]{0,61}[A-Za-z0-9])?';

/** The pattern for JSON schemas. Each character can match in one place only, so a match takes linear time. */
export const mailAddressPattern = `^${atom}(\\.${atom})*@([A-Za-z0-9]${labelEnd}\\.)*[A-Za-z]${labelEnd}$`;
const pattern = new RegExp(mailAddressPattern, 'u');

/** Whether a mail library sends to exactly this address. */
export function isMailAddress(text: string): boolean {
  return text.length <= mailAddressLengthMax && pattern.test(text);
}
