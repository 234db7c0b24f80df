/**
 * `@fields`: a component for every field, made when a template asks for it.
 *
 * `@fields.author.name` goes through: the component of `author` answers for its
 * own fields too, and that of a list for its elements. A component is a proxy
 * of its class; Glimmer finds the template by walking prototypes, which the
 * proxy forwards. The same place in the same frame always gives the same
 * component, or every update would remount it.
 */

import { fieldsOf } from "../fields/declare.ts";
import type { DefinitionClass, Field } from "../fields/field.ts";
import { hasState } from "../state.ts";
import type { Box } from "./box.ts";
import { Slot, type SlotParts } from "./slot.ts";
import type { Frame } from "./surroundings.ts";
import SlotView from "./views.gts";

const proxies = new WeakMap<Box, Map<Frame, object>>();

/** The components of the fields of the instance in `box`, or of `declared` while there is none. */
export function fieldsProxy(box: Box, frame: Frame, declared: DefinitionClass): object {
  const byFrame = proxies.get(box) ?? new Map<Frame, object>();
  proxies.set(box, byFrame);
  const known = byFrame.get(frame);
  if (known) return known;

  const named = (name: string | symbol): Field | undefined =>
    typeof name === "string" ? fieldsOf(classIn(box, declared)).get(name) : undefined;
  const proxy = new Proxy(Object.create(null) as object, {
    get: (_target, name) => {
      const field = named(name);
      return field && fieldComponent(field, box, frame);
    },
    has: (_target, name) => named(name) !== undefined,
    ownKeys: () => [...fieldsOf(classIn(box, declared)).keys()],
    getOwnPropertyDescriptor: (_target, name) =>
      named(name) && { enumerable: true, configurable: true, value: undefined },
  });
  byFrame.set(frame, proxy);
  return proxy;
}

/** The component that renders `field` of the instance in `holder`. */
export function fieldComponent(field: Field, holder: Box, frame: Frame): any {
  return cached(holder, frame, field.name, () => {
    const box = holder.field(field.name);
    const slot = new Slot({ box, frame, field, holder });
    return slot.isList ? listComponent(slot) : singleComponent(slot);
  });
}

/** The component that renders one element of the list in `list`. */
export function itemComponent(field: Field, holder: Box, item: Box, frame: Frame): any {
  return cached(item, frame, field.name, () =>
    singleComponent(new Slot({ box: item, frame, field, holder, isItem: true })),
  );
}

/** A component for a slot that is no field: a card at the root of a rendering. */
export function rootComponent(parts: SlotParts): any {
  return singleComponent(new Slot(parts));
}

function cached(box: Box, frame: Frame, key: string, make: () => unknown): unknown {
  const byKey = box.components.get(frame) ?? new Map<string, unknown>();
  box.components.set(frame, byKey);
  if (!byKey.has(key)) byKey.set(key, make());
  return byKey.get(key);
}

function viewOf(slot: Slot): any {
  return class extends SlotView {
    static slot = slot;
  };
}

function singleComponent(slot: Slot): unknown {
  const { box, frame, isPrimitive } = slot;
  const inner = (name: string) =>
    isPrimitive ? undefined : fieldsOf(classIn(box, slot.cls)).get(name);
  return componentProxy(viewOf(slot), (name) => {
    const field = inner(name);
    return field && fieldComponent(field, box, frame);
  });
}

// What a template does with a list of components.
const LIST_METHODS = new Set([
  "map",
  "forEach",
  "filter",
  "slice",
  "entries",
  "find",
  "some",
  "every",
  "at",
]);

function listComponent(slot: Slot): unknown {
  const { box, frame, field, holder } = slot;
  const items = () => box.items().map((item) => itemComponent(field!, holder!, item, frame));
  const proxy = componentProxy(
    viewOf(slot),
    (name) => {
      if (name === "length") return items().length;
      if (/^\d+$/.test(name)) return items()[Number(name)];
      if (!LIST_METHODS.has(name)) return undefined;
      const list = items() as any;
      return list[name].bind(list);
    },
    () => items()[Symbol.iterator](),
  );
  return proxy;
}

function componentProxy(
  component: any,
  member: (name: string) => unknown,
  iterate?: () => Iterator<unknown>,
): unknown {
  return new Proxy(component, {
    getPrototypeOf: (target) => target,
    get: (target, name, receiver) => {
      if (name === Symbol.iterator) return iterate;
      if (typeof name === "symbol" || name === "prototype")
        return Reflect.get(target, name, receiver);
      const found = member(name);
      return found === undefined ? Reflect.get(target, name) : found;
    },
  });
}

function classIn(box: Box, declared: DefinitionClass): DefinitionClass {
  const value = box.value;
  return hasState(value) ? (value.constructor as DefinitionClass) : declared;
}
