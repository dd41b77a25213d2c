/** The careful walk over a text that JSON.parse has accepted: finds what it let pass, with pointers. */

/** Deeper than any request of ours by far. */
export const jsonDepthMax = 32;

export interface JsonFault {
  /** RFC 6901, '' for the whole document. */
  readonly pointer: string;
  readonly detail: string;
}

/** A hostile body cannot make the answer longer than this. */
const faultsMax = 20;
const exponentMax = 400;

interface Walk {
  readonly text: string;
  at: number;
  depth: number;
  readonly path: (string | number)[];
  readonly faults: JsonFault[];
}

export interface JsonFaults {
  /** The first 20 at most. */
  readonly faults: readonly JsonFault[];
  /** False when the walk gave up: there may be more faults behind the last one. */
  readonly isComplete: boolean;
}

/** Every fault of a syntactically valid JSON text. */
export function findJsonFaults(text: string): JsonFaults {
  const walk: Walk = { text, at: 0, depth: 0, path: [], faults: [] };
  const isComplete = readValue(walk);
  return { faults: walk.faults, isComplete };
}

/** One pointer segment, escaped by RFC 6901. */
export function pointerSegment(name: string | number): string {
  return `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Reads one value; false stops the walk (too deep: what lies below is not looked at). */
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
    if (!readString(walk).isWellFormed()) note(walk, 'Holds an unpaired surrogate.');
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
    if (names.has(name)) note(walk, 'This member stands more than once.');
    if (!name.isWellFormed()) note(walk, 'The name of this member holds an unpaired surrogate.');
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

function readNumber(walk: Walk): void {
  const token = /[-+0-9.eE]+/y;
  token.lastIndex = walk.at;
  const text = token.exec(walk.text)?.[0] ?? '0';
  walk.at += text.length;
  if (!isExactInteger(text)) note(walk, 'Not an exact integer between -(2^53 - 1) and 2^53 - 1.');
}

/** True when the decimal text names an integer of at most 2^53 - 1; `1.0` and `1e2` do, `1.5` and `9007199254740993` do not. */
export function isExactInteger(token: string): boolean {
  const [, whole = '', fraction = '', power = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/.exec(token) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return whole !== '';
  const exponent = Number(power) - fraction.length + (digits.length - significant.length);
  if (exponent < 0 || exponent > exponentMax || significant.length + exponent > 16) return false;
  return BigInt(significant) * 10n ** BigInt(exponent) <= BigInt(Number.MAX_SAFE_INTEGER);
}

function note(walk: Walk, detail: string): void {
  if (walk.faults.length < faultsMax)
    walk.faults.push({ pointer: walk.path.map(pointerSegment).join(''), detail });
}

function skipBlanks(walk: Walk): void {
  for (;;) {
    const c = walk.text.charCodeAt(walk.at);
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
    walk.at++;
  }
}
