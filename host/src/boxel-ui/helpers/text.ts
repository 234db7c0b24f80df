/** Text and lists. */

/** Class names: the positional ones that are set, and the named ones that count as true. */
export function cn(
  ...args: (string | null | undefined | false | Record<string, unknown>)[]
): string {
  return args
    .flatMap((arg) => {
      if (!arg) return [];
      if (typeof arg !== "object") return [String(arg)];
      return Object.entries(arg).flatMap(([name, isOn]) => (isOn ? [name] : []));
    })
    .join(" ");
}

/** The items that are neither null, undefined nor false. */
export function compact<Item>(items: readonly (Item | null | undefined | false)[]): Item[] {
  return (items ?? []).filter(
    (item): item is Item => item !== null && item !== undefined && item !== false,
  );
}

export function substring(text: string, start: number, end?: number): string {
  return String(text ?? "").substring(start, typeof end === "number" ? end : undefined);
}

/** "a, b and c". */
export function formatList(items: readonly unknown[], { locale = "en-US" } = {}): string {
  return new Intl.ListFormat(locale).format(compact(items).map(String));
}

export const formatNames = formatList;
