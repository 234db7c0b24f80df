/** From an instance to its document. */

import type { BaseDef } from "../defs/base-def.ts";
import { identifyCard } from "../identity.ts";
import { stateOf } from "../state.ts";
import type { CardDocument, CodeRef, Resource } from "../store-seam.ts";
import { localId } from "../symbols.ts";
import { relativeReference } from "./references.ts";
import { FieldWriter, type SerializeOptions } from "./writer.ts";

export type { SerializeOptions };

/** Cards without an id yet are always in `included`, by `lid`: there is no other way to name them. */
export function serializeCard(card: BaseDef, options: SerializeOptions = {}): CardDocument {
  const seen = new Set<BaseDef>([card]);
  const waiting: BaseDef[] = [];
  const refer = (linked: BaseDef) => {
    if (seen.has(linked) || (linked.id && !options.includeLinked)) return;
    seen.add(linked);
    waiting.push(linked);
  };
  const document: CardDocument = { data: resourceOf(card, options, refer) };
  const included: Resource[] = [];
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    included.push(resourceOf(next, options, refer));
  }
  if (included.length > 0) document.included = included;
  return document;
}

function resourceOf(
  card: BaseDef,
  options: SerializeOptions,
  refer: (linked: BaseDef) => void,
): Resource {
  const { relativeTo } = stateOf(card);
  const id = card.id as string | undefined;
  const writer = new FieldWriter(id ?? relativeTo, options, refer);
  const { attributes, metas } = writer.fields(card);
  const resource: Resource = {
    type: "card",
    ...(id ? { id } : { lid: card[localId] }),
    attributes,
    meta: { adoptsFrom: adoptsFrom(card, options, id ?? relativeTo) },
  };
  if (Object.keys(writer.relationships).length > 0) resource.relationships = writer.relationships;
  if (Object.keys(metas).length > 0) resource.meta.fields = metas;
  return resource;
}

function adoptsFrom(card: BaseDef, options: SerializeOptions, base: string | undefined): CodeRef {
  const ref = identifyCard(card.constructor);
  const authored = stateOf(card).meta?.adoptsFrom;
  if (options.moduleRefs !== "canonical" && authored) return authored;
  if (!ref)
    throw new Error(`${card.constructor.name} is exported by no module, so it cannot be stored`);
  if (options.moduleRefs === "canonical") return ref;
  return { module: relativeReference(ref.module, base), name: ref.name };
}
