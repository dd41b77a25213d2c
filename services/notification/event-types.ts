/** The filters of endpoints: which events each endpoint subscribes to. */

/** The default filter is every change of an order. Only a filter that names repeats and refusals gets them. */
const usual = ['order.*'];

/**
 * Whether a filter matches an event type. A filter is a list of names (`order.accepted`) or prefixes
 * (`order.*`, `*`); null means the default types.
 */
export function wantsType(filter: readonly string[] | null, type: string): boolean {
  return (filter ?? usual).some((pattern) =>
    pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type,
  );
}

/** Reads the stored form: a JSON list of strings. An invalid one matches nothing, rather than everything. */
export function parseFilter(stored: string | null): readonly string[] | null {
  if (stored === null) return null;
  try {
    const parsed: unknown = JSON.parse(stored);
    if (!Array.isArray(parsed)) return [];
    return parsed.filter((item): item is string => typeof item === 'string');
  } catch {
    // An unreadable filter must not send more than the receiver wants. The endpoint then shows no deliveries,
    // which its owner can notice.
    return [];
  }
}
