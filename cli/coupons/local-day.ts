/** Local days as instants. A day begins at its first moment in the zone, also where clocks change at midnight. */

/** The part of `Temporal` that this file uses. The types of Node do not have it yet. */
interface PlainDate {
  add(duration: { readonly days: number }): PlainDate;
  toZonedDateTime(zone: string): { readonly epochMilliseconds: number };
}
declare const Temporal: {
  readonly PlainDate: { from(text: string, options: { readonly overflow: 'reject' }): PlainDate };
};

/** Whether it is the name of an IANA time zone, such as `Europe/Berlin` or `UTC`. An offset is none. */
export function isTimeZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/**
 * The first moment of a day `YYYY-MM-DD` in a zone, or of the day that is `daysLater`, in epoch ms. Null if the calendar has
 * no such day.
 */
export function startOfDayMs(day: string, zone: string, daysLater = 0): number | null {
  if (!/^[12][0-9]{3}-[0-9]{2}-[0-9]{2}$/.test(day)) return null;
  try {
    const date = Temporal.PlainDate.from(day, { overflow: 'reject' });
    return date.add({ days: daysLater }).toZonedDateTime(zone).epochMilliseconds;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
