"""A module that is written one construct at a time, and the library that it imports.

It exports `probe`, which answers plain JSON about what its code does.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

# What every module of the corpus may import.
LIBRARY = """
export const log: string[] = [];
export const say = (word: string) => { log.push(word); return word; };
// Reads the initializer as the card API's `field` does.
export const field = (target: any, key: string, descriptor: any) => {
  const value = descriptor.initializer?.call(target);
  (target.fields ??= {})[key] = typeof value === 'function' ? value() : String(value);
  return { get() { return `field ${key}`; }, configurable: true, enumerable: true };
};
export const noted = (word: string) => {
  say(`made ${word}`);
  return (target: any, key?: string, descriptor?: any) => { say(`${word} on ${key ?? target.name}`); return descriptor; };
};
export const kept = (_target: any, _key: string, descriptor: any) => descriptor;
export const twice = (_target: any, _key: string, d: PropertyDescriptor) =>
  d.get ? { ...d, get() { return d.get!.call(this) + d.get!.call(this); } }
        : { ...d, value(...args: unknown[]) { return [d.value.apply(this, args), 2]; } };
export interface Shape { sides: number }
export type Maybe<T> = T | null;
export class Base { origin = 'base'; constructor(public given: unknown = 'nothing') {} hello() { return 'hello'; } }
export const eq = (a: unknown, b: unknown) => `own eq ${a} ${b}`;
export default 'library';
"""


@dataclass
class Written:
    """A module that grows by one construct at a time."""

    rng: random.Random
    imports: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    probes: list[str] = field(default_factory=list)
    ember: set[str] = field(default_factory=set)
    count: int = 0

    def name(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def add(self, text: str, *probes: str) -> None:
        self.lines.append(text)
        self.probes.extend(probes)

    def use(self, *names: str) -> None:
        self.imports.update(names)

    def source(self) -> str:
        """The module's text."""
        names = sorted(self.imports | {f"type {name}" for name in self.types} | {"log"})
        head = [
            f"import {{ {', '.join(names)} }} from './library';",
            "import type { Shape as OnlyShape } from './nowhere';",
            "import unused, { Maybe as Unused } from './nowhere-either';",
            *sorted(self.ember),
        ]
        probes = ",\n".join(f"    () => {probe}" for probe in self.probes)
        probe = f"""
export async function probe(): Promise<unknown[]> {{
  const answers: unknown[] = [];
  for (const ask of [
{probes}
  ] as (() => unknown)[]) {{
    try {{ answers.push(await ask()); }} catch (error: unknown) {{ answers.push(`${{(error as Error).name}}`); }}
  }}
  return [answers, log];
}}
"""
        return "\n".join([*head, "", *self.lines, probe])
