/** Whether a text is the name of a time zone (IANA) that this runtime knows. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // A runtime may also accept offsets such as +02:00, but those have no summer time and aren't names.
    return /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
}

/** The parts of a time as a clock on the wall shows them, padded with zeros. */
export type WallTime = {
  readonly yyyy: string;
  readonly MM: string;
  readonly dd: string;
  readonly HH: string;
  readonly mm: string;
  readonly ss: string;
};

/** Making a format takes many times as long as using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  formats.set(timezone, format);
  return format;
}

/**
 * What a clock on the wall shows at a time. When summer time ends, one hour is shown twice and gives the same parts
 * both times.
 *
 * @param at epoch milliseconds
 * @param timezone a name that {@link isTimeZone} knows
 */
export function wallTime(at: number, timezone: string): WallTime {
  const parts = new Map(
    formatOf(timezone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes, digits = 2) =>
    (parts.get(type) ?? "").padStart(digits, "0");
  return {
    yyyy: part("year", 4),
    MM: part("month"),
    dd: part("day"),
    HH: part("hour"),
    mm: part("minute"),
    ss: part("second"),
  };
}
