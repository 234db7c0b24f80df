/** Arithmetic on two or more numbers, from left to right. */

export function add(...numbers: number[]): number {
  return numbers.reduce((total, each) => total + Number(each), 0);
}

export function subtract(first: number, ...others: number[]): number {
  return others.reduce((total, each) => total - each, first);
}

export function multiply(...numbers: number[]): number {
  return numbers.reduce((total, each) => total * each, 1);
}

export function divide(first: number, ...others: number[]): number {
  return others.reduce((total, each) => total / each, first);
}
