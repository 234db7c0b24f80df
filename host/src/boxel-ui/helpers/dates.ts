/**
 * Dates and times as people read them.
 *
 * A plain date (`2024-02-03`) is that day wherever it is read. The locale is
 * American English unless named, so that stored HTML is the same on every machine.
 */

export interface DateTimeOptions {
  /** What of the value to show. */
  kind?: "date" | "time" | "datetime" | "month" | "year" | "monthYear" | "monthDay" | "weekday";
  preset?: "tiny" | "short" | "medium" | "long" | "full";
  /** Tokens, as `dayjsFormat` reads them; wins over `kind` and `preset`. */
  format?: string;
  /** "3 days ago" rather than a date. */
  relative?: boolean;
  now?: Date | string | number;
  locale?: string;
  timeZone?: string;
  hour12?: boolean;
  fallback?: string;
}

type Moment = Date | string | number | null | undefined;

const KINDS: Record<string, Intl.DateTimeFormatOptions> = {
  month: { month: "long" },
  year: { year: "numeric" },
  monthYear: { month: "long", year: "numeric" },
  monthDay: { month: "long", day: "numeric" },
  weekday: { weekday: "long" },
};

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

export function formatDateTime(value: Moment, options: DateTimeOptions | string = {}): string {
  if (typeof options === "string") return dayjsFormat(value, options);
  const { locale = "en-US", fallback = "", format, relative, timeZone, hour12 } = options;
  const date = toDate(value);
  if (!date) return fallback;
  if (relative) return formatRelativeTime(date, options);
  if (format) return dayjsFormat(date, format);
  const style = styleFor(options, isPlainDate(value));
  return new Intl.DateTimeFormat(locale, { ...style, timeZone, hour12 }).format(date);
}

export function formatRelativeTime(value: Moment, options: DateTimeOptions = {}): string {
  const { locale = "en-US", fallback = "", now } = options;
  const date = toDate(value);
  if (!date) return fallback;
  const seconds = (date.getTime() - (toDate(now) ?? new Date()).getTime()) / 1000;
  const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? STEPS.at(-1)!;
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  return relative.format(Math.round(seconds / size), unit);
}

const TOKEN = /\[([^\]]*)\]|YYYY|YY|MMMM|MMM|MM|M|DD|D|dddd|ddd|HH|H|hh|h|mm|m|ss|s|SSS|A|a/g;

/** `DD MMM YYYY` and its kin; text in square brackets is kept as it is. */
export function dayjsFormat(value: Moment, format?: string, locale?: string): string {
  const date = toDate(value);
  if (!date) return "";
  const language = typeof locale === "string" ? locale : "en-US";
  const tokens = typeof format === "string" ? format : "DD MMM YYYY";
  return tokens.replace(TOKEN, (token, kept) => kept ?? fill(token, date, language));
}

function fill(token: string, date: Date, locale: string): string {
  const named = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, options).format(date);
  const padded = (number: number, length = 2) => String(number).padStart(length, "0");
  const hour12 = date.getHours() % 12 || 12;
  switch (token) {
    case "YYYY":
      return padded(date.getFullYear(), 4);
    case "YY":
      return padded(date.getFullYear() % 100);
    case "MMMM":
      return named({ month: "long" });
    case "MMM":
      return named({ month: "short" });
    case "MM":
      return padded(date.getMonth() + 1);
    case "M":
      return String(date.getMonth() + 1);
    case "DD":
      return padded(date.getDate());
    case "D":
      return String(date.getDate());
    case "dddd":
      return named({ weekday: "long" });
    case "ddd":
      return named({ weekday: "short" });
    case "HH":
      return padded(date.getHours());
    case "H":
      return String(date.getHours());
    case "hh":
      return padded(hour12);
    case "h":
      return String(hour12);
    case "mm":
      return padded(date.getMinutes());
    case "m":
      return String(date.getMinutes());
    case "ss":
      return padded(date.getSeconds());
    case "s":
      return String(date.getSeconds());
    case "SSS":
      return padded(date.getMilliseconds(), 3);
    case "A":
      return date.getHours() < 12 ? "AM" : "PM";
    default:
      return date.getHours() < 12 ? "am" : "pm";
  }
}

function styleFor(
  { kind, preset = "medium" }: DateTimeOptions,
  isDay: boolean,
): Intl.DateTimeFormatOptions {
  if (kind && KINDS[kind]) return KINDS[kind];
  const shown = kind ?? (isDay ? "date" : "datetime");
  const style = preset === "tiny" ? "short" : preset;
  return {
    ...(shown !== "time" && { dateStyle: style }),
    ...(shown !== "date" && { timeStyle: "short" }),
  };
}

function toDate(value: Moment): Date | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  // Without a time, JavaScript would read the day as UTC and show the day before.
  const date = new Date(isPlainDate(value) ? `${value}T00:00:00` : value);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function isPlainDate(value: Moment): boolean {
  return typeof value === "string" && /^\d{4}-\d{2}-\d{2}$/.test(value);
}
