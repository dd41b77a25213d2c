/** Which events an endpoint wants. */

/** Without a filter: every change of an order. Repeats and refusals are sent to those who name them. */
const usual = ['order.*'];

/**
 * Whether a filter takes an event type. A filter is a list of names (`order.accepted`) or prefixes (`order.*`,
 * `*`); null stands for the usual ones.
 */
export function wantsType(filter: readonly string[] | null, type: string): boolean {
  return (filter ?? usual).some((pattern) =>
    pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type,
  );
}

/** Reads the stored form: a JSON list of strings. What cannot be read takes nothing, rather than everything. */
export function parseFilter(stored: string | null): readonly string[] | null {
  if (stored === null) return null;
  try {
    const parsed: unknown = JSON.parse(stored);
    if (!Array.isArray(parsed)) return [];
    return parsed.filter((item): item is string => typeof item === 'string');
  } catch {
    // An unreadable filter must not widen what a receiver is sent; the endpoint shows no deliveries and is looked at.
    return [];
  }
}
