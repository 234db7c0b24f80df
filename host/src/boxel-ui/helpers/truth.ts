/** Comparisons and logic. An empty array counts as false, as `{{#if}}` has it. */

export function truthy(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

export const bool = truthy;

export function not(value: unknown): boolean {
  return !truthy(value);
}

/** The first argument that counts as false, else the last one. */
export function and(...values: unknown[]): unknown {
  return values.find((value) => !truthy(value)) ?? values.at(-1);
}

/** The first argument that counts as true, else the last one. */
export function or(...values: unknown[]): unknown {
  return values.find(truthy) ?? values.at(-1);
}

export function eq(a: unknown, b: unknown): boolean {
  return a === b;
}

export function gt(a: number, b: number): boolean {
  return a > b;
}

export function gte(a: number, b: number): boolean {
  return a >= b;
}

export function lt(a: number, b: number): boolean {
  return a < b;
}

export function lte(a: number, b: number): boolean {
  return a <= b;
}
