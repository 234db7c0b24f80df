const TWO_DIGITS = new Intl.NumberFormat('en', {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});

export function money(amount: number | null | undefined): string {
  return typeof amount === 'number' ? TWO_DIGITS.format(amount) : '';
}
