/**
 * Walks a text that JSON.parse has accepted, and finds the faults that JSON.parse ignores. The time is linear in
 * the text.
 */
import type { RequestFault } from '../../application/requests/fault.ts';
import { cutPointer, pointerSegment } from '../../application/requests/json-pointer.ts';
import { isExactInteger, numberCharsMax } from './exact-integer.ts';
import { jsonDepthMax } from './survey.ts';

/** A fault of a JSON text, with its pointer into the document. */
export type JsonFault = RequestFault;

/** Maximum faults of one body. So a hostile body cannot make the response long. */
const faultsMax = 20;

interface Walk {
  readonly text: string;
  at: number;
  depth: number;
  readonly path: (string | number)[];
  readonly faults: JsonFault[];
}

export interface JsonFaults {
  /** At most the first 20 faults. */
  readonly faults: readonly JsonFault[];
  /** False if the walk stopped early. There may be more faults after the last one. */
  readonly isComplete: boolean;
}

/** Every fault of a syntactically valid JSON text. */
export function findJsonFaults(text: string): JsonFaults {
  const walk: Walk = { text, at: 0, depth: 0, path: [], faults: [] };
  const isComplete = readValue(walk);
  return { faults: walk.faults, isComplete };
}

/** Reads one value. Returns false to stop the walk, for example at a value that is nested too deep. */
function readValue(walk: Walk): boolean {
  skipBlanks(walk);
  const c = walk.text[walk.at];
  if (c === '{' || c === '[') {
    if (++walk.depth > jsonDepthMax) {
      note(walk, `Nested deeper than ${jsonDepthMax} levels.`);
      return false;
    }
    walk.at++;
    const goOn = c === '{' ? readMembers(walk) : readElements(walk);
    walk.depth--;
    return goOn;
  }
  if (c === '"') {
    if (!readString(walk).isWellFormed()) note(walk, 'The text contains an unpaired surrogate.');
  } else if (c === '-' || (c !== undefined && c >= '0' && c <= '9')) {
    readNumber(walk);
  } else {
    walk.at += c === 'f' ? 5 : 4;
  }
  return walk.faults.length < faultsMax;
}

function readMembers(walk: Walk): boolean {
  const names = new Set<string>();
  for (;;) {
    skipBlanks(walk);
    if (walk.text[walk.at] === '}') break;
    if (walk.text[walk.at] === ',') walk.at++;
    skipBlanks(walk);
    const name = readString(walk);
    walk.path.push(name);
    if (names.has(name)) note(walk, 'This member occurs more than once.');
    if (!name.isWellFormed()) note(walk, 'The name of this member contains an unpaired surrogate.');
    names.add(name);
    skipBlanks(walk);
    walk.at++;
    if (!readValue(walk)) return false;
    walk.path.pop();
  }
  walk.at++;
  return true;
}

function readElements(walk: Walk): boolean {
  for (let index = 0; ; index++) {
    skipBlanks(walk);
    if (walk.text[walk.at] === ']') break;
    if (walk.text[walk.at] === ',') walk.at++;
    walk.path.push(index);
    if (!readValue(walk)) return false;
    walk.path.pop();
  }
  walk.at++;
  return true;
}

function readString(walk: Walk): string {
  const start = walk.at;
  let i = start + 1;
  while (walk.text[i] !== '"') i += walk.text[i] === '\\' ? 2 : 1;
  walk.at = i + 1;
  return JSON.parse(walk.text.slice(start, walk.at)) as string;
}

const numberToken = /[-+0-9.eE]+/y;

function readNumber(walk: Walk): void {
  numberToken.lastIndex = walk.at;
  numberToken.test(walk.text);
  const end = numberToken.lastIndex;
  if (end - walk.at > numberCharsMax) note(walk, `A number of more than ${numberCharsMax} characters.`);
  else if (!isExactInteger(walk.text.slice(walk.at, end)))
    note(walk, 'Not an exact integer between -(2^53 - 1) and 2^53 - 1.');
  walk.at = end;
}

function note(walk: Walk, detail: string): void {
  if (walk.faults.length < faultsMax)
    walk.faults.push({ pointer: cutPointer(walk.path.map(pointerSegment).join('')), detail });
}

function skipBlanks(walk: Walk): void {
  for (;;) {
    const c = walk.text.charCodeAt(walk.at);
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
    walk.at++;
  }
}
