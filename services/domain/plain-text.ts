/** Text for people on one line, wherever it is shown: in a list, on a label, in a mail. */

/** C0 and C1 controls, DEL, and the two separators that some readers treat as line breaks. */
const controls = '\\u0000-\\u001F\\u007F-\\u009F\\u2028\\u2029';

/** For JSON schemas: no control characters and no line breaks. */
export const oneLinePattern = `^[^${controls}]*$`;
/** For notes of several lines: allows line breaks and tabs, and no other control characters. */
export const linesPattern = '^[^\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F-\\u009F\\u2028\\u2029]*$';

const oneLine = new RegExp(oneLinePattern, 'u');
const runs = new RegExp(`[${controls}\\s]+`, 'gu');

export function isOneLine(text: string): boolean {
  return oneLine.test(text);
}

/** The text as one line: each run of blanks, line breaks and control characters becomes one blank. */
export function toOneLine(text: string): string {
  return text.replace(runs, ' ').trim();
}
