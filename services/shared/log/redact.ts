/**
 * Names of members with credentials and personal data. Their values never reach a log line, at any depth. Names
 * are compared in lower case.
 */
const redactedKeys: ReadonlySet<string> = new Set(
  [
    'authorization',
    'cookie',
    'secret',
    'token',
    'password',
    'name',
    'line1',
    'line2',
    'email',
    'contact',
    'shippingAddress',
  ].map((key) => key.toLowerCase()),
);

const depthMax = 6;
const itemsMax = 100;
const hidden = '[redacted]';

/**
 * A copy of `value` that is safe to log. The copy hides redacted members, limits depth and item counts, and
 * shows only the length of bytes. This function visits the value itself, because pino's path patterns have a
 * fixed depth.
 */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= depthMax) return '[deep]';
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return serializeError(value, depth);
  if (value instanceof Date) return value;
  if (Array.isArray(value)) return value.slice(0, itemsMax).map((item) => redact(item, depth + 1));
  if (value instanceof Map) return redact(Object.fromEntries(value), depth);
  if (value instanceof Set) return redact([...value], depth);
  const copy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    copy[key] = redactedKeys.has(key.toLowerCase()) ? hidden : redact(member, depth + 1);
  }
  return copy;
}

/**
 * An error in loggable form. It has only known members, because drivers attach whole statements with their
 * data to errors.
 */
function serializeError(error: Error, depth = 0): Record<string, unknown> {
  const { code, errno, details } = error as Error & { code?: unknown; errno?: unknown; details?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(errno === undefined ? {} : { errno }),
    ...(details === undefined ? {} : { details: redact(details, depth + 1) }),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1) }),
  };
}
