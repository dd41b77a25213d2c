/**
 * Which e-mail addresses an order may name: only those that every mail system reads in the same way. That is
 * a dot-atom before the `@` and a host name after it, in ASCII. (RFC 5321, 4.1.2, without quoted strings and
 * address literals.)
 *
 * A mail library may rewrite any other address and so send to another mailbox. It drops `<` and `>`, quotes
 * blanks and commas, and turns a domain such as `0x7f.1` into `127.0.0.1`. Here, the last label of a domain
 * begins with a letter, so it is never read as a number.
 */

/** The longest mailbox of SMTP (RFC 3696, erratum 1690). */
export const mailAddressLengthMax = 254;
const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const labelEnd = '([A-Za-z0-9-]{0,61}[A-Za-z0-9])?';

/** For JSON schemas. Each character can match in one place only, so matching takes linear time. */
export const mailAddressPattern = `^${atom}(\\.${atom})*@([A-Za-z0-9]${labelEnd}\\.)*[A-Za-z]${labelEnd}$`;
const pattern = new RegExp(mailAddressPattern, 'u');

/** Whether a mail to this address goes to exactly this address. */
export function isMailAddress(text: string): boolean {
  return text.length <= mailAddressLengthMax && pattern.test(text);
}
