/**
 * Classes that no module exports, reached through the fields of those that are.
 *
 * Nobody can import them, so nothing registers them: a module's exports lead to its
 * own. Only what is loaded is found; in a cycle of modules that may be less than all.
 */

import { fieldsOf } from "./fields/declare.ts";
import { type DefinitionClass, type Field, isDefinition } from "./fields/field.ts";
import { ancestry, identifyCard } from "./identity.ts";

const homes = new WeakMap<DefinitionClass, string>();

/** The module a class is from; undefined while no export of that module leads to it. */
export function moduleOf(cls: DefinitionClass): string | undefined {
  return identifyCard(cls)?.module ?? homes.get(cls);
}

/** The definitions among a module's exports with all that they lead to; remembers whose they are. */
export function definitionsBehind(exports: Iterable<unknown>): DefinitionClass[] {
  const found = new Set<DefinitionClass>([...exports].filter(isDefinition));
  for (const cls of found) {
    const module = moduleOf(cls);
    for (const next of unexportedIn(cls)) {
      if (module !== undefined && !homes.has(next)) homes.set(next, module);
      found.add(next);
    }
  }
  return [...found];
}

function* unexportedIn(cls: DefinitionClass): Iterable<DefinitionClass> {
  for (const each of ancestry(cls)) if (!identifyCard(each)) yield each;
  for (const field of fieldsOf(cls).values()) {
    const declared = classIfLoaded(field);
    if (declared && !identifyCard(declared)) yield declared;
  }
}

/** In a cycle of modules the class of a field may not be there yet. */
export function classIfLoaded(field: Field): DefinitionClass | undefined {
  try {
    return field.card;
  } catch {
    return undefined;
  }
}
