/** One setting: its variable, how its text is read, and its documentation. */
export type Field<T> = {
  env: string;
  kind: string;
  help: string;
  /** The default as text for people; `undefined` if the variable is required. */
  defaultText: string | undefined;
  secret: boolean;
  /** Whether the variable may name a file instead, as `<env>_FILE`. Secrets, and URLs that may hold a login. */
  fromFile: boolean;
  /** Whether a running process uses a new value, without a restart. */
  live: boolean;
  /** Reads the raw text (`undefined` if unset or empty), or throws an Error that names the fault. */
  read(raw: string | undefined): T;
  /** Whether a process that runs with `running` must restart to use `next`. The two values differ. */
  needsRestart(running: T, next: T): boolean;
};

/** A setting that a running process follows. */
export type LiveField<T> = Field<T> & { readonly live: true };

type Common<T> = { default?: T; help?: string };
type Definition<T> = Common<T> & {
  env: string;
  kind: string;
  secret?: boolean;
  fromFile?: boolean;
  parse(raw: string): T;
  show?(value: T): string;
};

/** Marks a setting as live: a running process uses a new value soon after the file changed. */
export function live<T>(field: Field<T>): LiveField<T> {
  return { ...field, live: true, needsRestart: () => false };
}

/** Marks a URL as live in its user and password only. Any other change of it needs a restart. */
export function liveLogin(field: Field<string>): LiveField<string> {
  return {
    ...field,
    live: true,
    read(raw) {
      const text = field.read(raw);
      checkLogin(text);
      return text;
    },
    needsRestart: (running, next) => withoutLogin(running) !== withoutLogin(next),
  };
}

/** The process uses the login only later, when it could no longer refuse it. */
function checkLogin(text: string): void {
  if (text === '') return;
  const { username, password } = new URL(text);
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
  } catch {
    // The error of the platform has no details, and its stack may show the password.
    throw new Error('has a login with a percent sign that begins no code; write %25 for a percent sign');
  }
}

function withoutLogin(text: string): string {
  if (text === '') return '';
  const parsed = new URL(text);
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}

/** Text. `default: ''` makes it optional; `pattern` must match the whole text. */
export function str(
  env: string,
  options: Common<string> & { pattern?: RegExp; lengthMax?: number } = {},
): Field<string> {
  const { pattern, lengthMax = 4096 } = options;
  return field({
    ...options,
    env,
    kind: 'text',
    parse(raw) {
      if (raw.length > lengthMax) throw new Error(`is longer than ${lengthMax} characters`);
      if (pattern !== undefined && !pattern.test(raw)) throw new Error(`does not match ${pattern}`);
      return raw;
    },
  });
}

/** A whole number in decimal digits. */
export function int(
  env: string,
  options: Common<number> & { min?: number; max?: number } = {},
): Field<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  return field({ ...options, env, kind: 'integer', parse: (raw) => wholeNumber(raw, min, max) });
}

/** `true`, `false`, `1`, `0`, `yes`, `no`, `on` or `off`. */
export function bool(env: string, options: Common<boolean> = {}): Field<boolean> {
  return field({
    ...options,
    env,
    kind: 'boolean',
    parse(raw) {
      if (/^(true|1|yes|on)$/i.test(raw)) return true;
      if (/^(false|0|no|off)$/i.test(raw)) return false;
      throw new Error('is not true or false');
    },
  });
}

/** One of a fixed set of words. */
export function oneOf<const W extends string>(
  env: string,
  words: readonly W[],
  options: Common<NoInfer<W>> = {},
): Field<W> {
  return field<W>({
    ...options,
    env,
    kind: words.map((word) => word || '(empty)').join(' | '),
    parse(raw) {
      const word = words.find((candidate) => candidate === raw);
      if (word === undefined) throw new Error(`is none of ${words.filter(Boolean).join(', ')}`);
      return word;
    },
  });
}

/** An absolute URL, kept as text; `protocols` without the colon. A password in it is hidden by `describeConfig`. */
export function url(
  env: string,
  options: Common<string> & { protocols?: readonly string[] } = {},
): Field<string> {
  const { protocols } = options;
  return field({
    ...options,
    env,
    kind: 'URL',
    fromFile: true,
    parse(raw) {
      if (!URL.canParse(raw)) throw new Error('is not a URL');
      const protocol = new URL(raw).protocol.slice(0, -1);
      if (protocols !== undefined && !protocols.includes(protocol)) {
        throw new Error(`must begin with ${protocols.map((p) => `${p}://`).join(' or ')}`);
      }
      return raw;
    },
  });
}

/** Comma-separated words. Spaces around them are dropped; empty words are refused. */
export function list(
  env: string,
  options: Common<readonly string[]> & { itemPattern?: RegExp; itemsMax?: number } = {},
): Field<readonly string[]> {
  const { itemPattern, itemsMax = 100 } = options;
  return field({
    ...options,
    env,
    kind: 'list',
    show: (items) => items.join(','),
    parse(raw) {
      const items = raw.split(',').map((item) => item.trim());
      if (items.length > itemsMax) throw new Error(`has more than ${itemsMax} items`);
      for (const item of items) {
        if (item === '') throw new Error('has an empty item');
        if (itemPattern !== undefined && !itemPattern.test(item))
          throw new Error(`has an item that does not match ${itemPattern}`);
      }
      return Object.freeze(items);
    },
  });
}

/** Text that is never printed. `lengthMin` rejects keys that are short enough to guess. */
export function secret(env: string, options: Common<string> & { lengthMin?: number } = {}): Field<string> {
  const { lengthMin = 0 } = options;
  return field({
    ...options,
    env,
    kind: 'secret',
    secret: true,
    parse(raw) {
      if (raw.length < lengthMin) throw new Error(`is shorter than ${lengthMin} characters`);
      return raw;
    },
  });
}

/** Comma-separated words that are never printed, not even in an error. `lengthMin` is for each word. */
export function secretList(
  env: string,
  { lengthMin = 1, ...options }: Common<readonly string[]> & { lengthMin?: number } = {},
): Field<readonly string[]> {
  const itemPattern = new RegExp(`^.{${lengthMin},}$`);
  return {
    ...list(env, { ...options, itemPattern }),
    kind: 'secret list',
    secret: true,
    fromFile: true,
    defaultText: options.default && '',
  };
}

/** A duration: bare milliseconds, or a number with `ms`, `s`, `m`, `h` or `d`. */
export function durationMs(
  env: string,
  options: Common<number> & { min?: number; max?: number } = {},
): Field<number> {
  const { min = 0, max = 366 * 86_400_000 } = options;
  return field({
    ...options,
    env,
    kind: 'duration',
    show: (value) => `${value} ms`,
    parse(raw) {
      const match = /^(\d{1,12})(ms|s|m|h|d)?$/.exec(raw);
      if (match === null) throw new Error('is not a duration such as 250ms, 5s or 2m');
      return within(Number(match[1]) * unitMs[(match[2] ?? 'ms') as keyof typeof unitMs], min, max);
    },
  });
}

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function field<T>(definition: Definition<T>): Field<T> {
  const { env, kind, help = '', secret: isSecret = false, parse, show = String } = definition;
  const fallback = definition.default;
  return {
    env,
    kind,
    help,
    secret: isSecret,
    fromFile: definition.fromFile ?? isSecret,
    live: false,
    needsRestart: () => true,
    defaultText: fallback === undefined ? undefined : isSecret ? '(hidden)' : show(fallback),
    read(raw) {
      if (raw !== undefined) return parse(raw);
      if (fallback === undefined) throw new Error('is not set');
      return fallback;
    },
  };
}

function wholeNumber(raw: string, min: number, max: number): number {
  if (!/^-?\d{1,16}$/.test(raw)) throw new Error('is not a whole number');
  return within(Number(raw), min, max);
}

function within(value: number, min: number, max: number): number {
  if (value < min || value > max) throw new Error(`is outside ${min} to ${max}`);
  return value;
}
