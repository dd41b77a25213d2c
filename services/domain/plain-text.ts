/** Checks that a text for people is one line, because lists, labels and mails show it. */

/** C0 and C1 controls, DEL, and the two separators that some readers treat as line breaks. */
const controls = '\\u0000-\\u001F\\u007F-\\u009F\\u2028\\u2029';

/** The pattern of one line for JSON schemas: no control characters and no line breaks. */
export const oneLinePattern = `^[^${controls}]*$`;
/** The pattern of notes with several lines: allows line breaks and tabs, but no other control characters. */
export const linesPattern = '^[^\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F-\\u009F\\u2028\\u2029]*$';

const oneLine = new RegExp(oneLinePattern, 'u');
const runs = new RegExp(`[${controls}\\s]+`, 'gu');

export function isOneLine(text: string): boolean {
  return oneLine.test(text);
}

/** The text as one line: each run of spaces, line breaks and control characters becomes one space. */
export function toOneLine(text: string): string {
  return text.replace(runs, ' ').trim();
}
