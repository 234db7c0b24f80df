/**
 * `@cardstack/boxel-ui/helpers`: the small functions that card templates call.
 *
 * Our own writing of the names cards use. A template calls a plain function
 * with its positional arguments and, if it has named ones, an object of them last.
 */

export { element } from "@ember/helper";
export { cssUrl, cssVar, getContrastColor, sanitizedHtml } from "./helpers/appearance.ts";
export { add, divide, multiply, subtract } from "./helpers/arithmetic.ts";
export { dayjsFormat, formatDateTime, formatRelativeTime } from "./helpers/dates.ts";
export { copyCardURLToClipboard, optional, pick } from "./helpers/functions.ts";
export { MenuDivider, MenuItem, menuDivider, menuItem, toMenuItems } from "./helpers/menus.ts";
export { currencyFormat, formatCurrency, formatNumber } from "./helpers/numbers.ts";
export { cn, compact, formatList, formatNames, substring } from "./helpers/text.ts";
export { and, bool, eq, gt, gte, lt, lte, not, or, truthy } from "./helpers/truth.ts";
