/** Numbers as people read them. Unset values show as the fallback, by default nothing. */

export interface NumberOptions extends Intl.NumberFormatOptions {
  locale?: string;
  fallback?: string;
  /** Short for `notation: "compact"`. */
  size?: "tiny" | "short" | "medium" | "long";
}

export function formatNumber(value: unknown, options: NumberOptions = {}): string {
  const { locale = "en-US", fallback = "", size, ...format } = options;
  const number = toNumber(value);
  if (number === undefined) return fallback;
  const notation = size === "tiny" || size === "short" ? "compact" : undefined;
  return new Intl.NumberFormat(locale, { ...(notation && { notation }), ...format }).format(number);
}

export function formatCurrency(value: unknown, options: NumberOptions = {}): string {
  return formatNumber(value, { style: "currency", currency: "USD", ...options });
}

export function currencyFormat(value: unknown, currency = "USD", locale = "en-US"): string {
  const named = typeof currency === "string" ? currency : "USD";
  return formatCurrency(value, {
    currency: named,
    locale: typeof locale === "string" ? locale : "en-US",
  });
}

function toNumber(value: unknown): number | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}
