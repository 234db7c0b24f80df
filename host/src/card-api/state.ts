/**
 * What the engine remembers about an instance, kept outside of it.
 *
 * One tracked cell per card: whoever reads any of its fields is re-rendered
 * when any of them changes. `touch` only re-renders; `changed` also tells
 * change subscribers and the cards that contain this value, and is for edits
 * by a person or by card code, never for a link that finished loading.
 */

import { consumeTag, createTag, dirtyTag } from "@glimmer/validator";
import { nextTurn } from "../loader/turns.ts";
import type { BaseDef } from "./defs/base-def.ts";
import type { CardStore, Relationship, Resource, ResourceMeta } from "./store-seam.ts";

export type ChangeSubscriber = (instance: BaseDef, fieldName: string, value: unknown) => void;

export interface InstanceState {
  cell: ReturnType<typeof createTag>;
  /** Whether anything may depend on the cell. */
  wasRead: boolean;
  /** Field name to value: the data bucket. Links may be held as a `LinkSentinel`. */
  values: Map<string, unknown>;
  /** Fields whose value exists only because somebody read it. */
  implicit: Set<string>;
  /** Id of a linked card to the reference its author wrote. */
  authoredReferences: Map<string, string>;
  /** One entry for each query-backed field that was read or came with results. */
  queries: Map<string, unknown>;
  subscribers: Set<ChangeSubscriber>;
  /** The instances that contain this one, and in which field. */
  containers: Map<BaseDef, string>;
  store?: CardStore;
  /** What relative references in this instance are relative to. */
  relativeTo?: string;
  meta?: ResourceMeta;
  /** What the fields were last filled from; edits since then are not in it. */
  origin?: Resource;
  unclaimed?: Unclaimed;
  isSaved: boolean;
}

/** What a document says of a contained value that no field of its class reads: it is kept. */
export interface Unclaimed {
  attributes: Record<string, unknown>;
  /** By their keys below the value. */
  relationships: Map<string, Relationship>;
}

// Returning another object from a base constructor puts the private field onto that one:
// out of card code's sight like an entry of a WeakMap, and much cheaper to read and collect.
class Itself {
  constructor(instance: object) {
    // biome-ignore lint/correctness/noConstructorReturn: that is the point.
    return instance;
  }
}
class Kept extends Itself {
  #state: InstanceState;

  constructor(instance: object, state: InstanceState) {
    super(instance);
    this.#state = state;
  }

  static has(value: object): boolean {
    return #state in value;
  }

  static of(value: object): InstanceState | undefined {
    return #state in value ? value.#state : undefined;
  }
}

export function createState(instance: BaseDef): void {
  new Kept(instance, {
    cell: createTag(),
    wasRead: false,
    values: new Map(),
    implicit: new Set(),
    authoredReferences: new Map(),
    queries: new Map(),
    subscribers: new Set(),
    containers: new Map(),
    isSaved: false,
  });
}

export function stateOf(instance: BaseDef): InstanceState {
  const state = Kept.of(instance);
  if (!state) throw new Error(`${String(instance)} is not an instance of a card definition`);
  return state;
}

export function hasState(value: unknown): value is BaseDef {
  return typeof value === "object" && value !== null && Kept.has(value);
}

/** Something beside cards that what is rendered depends on. */
export class Cell {
  readonly #tag = createTag();

  consume(): void {
    consumeTag(this.#tag);
  }

  touch(): void {
    dirtyTag(this.#tag);
  }
}

/** Note that what is being rendered or computed now depends on this instance. */
export function consume(instance: BaseDef): InstanceState {
  const state = stateOf(instance);
  state.wasRead = true;
  consumeTag(state.cell);
  return state;
}

/** Re-render whatever depends on this instance. */
export function touch(instance: BaseDef): void {
  const { cell, wasRead } = stateOf(instance);
  // Every cell that is dirtied has all that is rendered looked through.
  if (wasRead) dirtyTag(cell);
}

const arrived = new Set<BaseDef>();
let isArriving = false;

/**
 * Re-render whatever depends on this instance, with all else that arrives in this turn.
 * Cards that were asked for together come together; rendering after each would render
 * a long list once for each of its cards.
 */
export function touchThisTurn(instance: BaseDef): void {
  arrived.add(instance);
  if (isArriving) return;
  isArriving = true;
  void nextTurn().then(() => {
    isArriving = false;
    const all = [...arrived];
    arrived.clear();
    for (const each of all) touch(each);
  });
}

/** A card is known before its fields are here, so that cards in a circle find each other. */
export function isFilled(instance: BaseDef): boolean {
  return stateOf(instance).origin !== undefined;
}

/** The resource that the instance shows, but for the edits since. */
export function originOf(instance: BaseDef): Resource | undefined {
  return stateOf(instance).origin;
}

/** The instance, edits included, is what `resource` says. */
export function setOrigin(instance: BaseDef, resource: Resource): void {
  stateOf(instance).origin = resource;
}

/** A field was edited: re-render, and tell subscribers here and in every container. */
export function changed(instance: BaseDef, path: string, value: unknown): void {
  const state = stateOf(instance);
  state.implicit.delete(path.split(".", 1)[0]!);
  touch(instance);
  for (const subscriber of [...state.subscribers]) subscriber(instance, path, value);
  for (const [container, field] of state.containers) changed(container, `${field}.${path}`, value);
}

/** Be told of every edit in this card and in the values it contains, until the result is called. */
export function subscribeToChanges(instance: BaseDef, subscriber: ChangeSubscriber): () => void {
  const { subscribers } = stateOf(instance);
  subscribers.add(subscriber);
  return () => subscribers.delete(subscriber);
}

export function unsubscribeFromChanges(instance: BaseDef, subscriber: ChangeSubscriber): void {
  stateOf(instance).subscribers.delete(subscriber);
}

/** `value` now lies in `field` of `container`, so its edits are edits of the container. */
export function adopt(container: BaseDef, field: string, value: unknown): void {
  if (!hasState(value)) return;
  const state = stateOf(value);
  state.containers.set(container, field);
  state.store ??= stateOf(container).store;
  state.relativeTo ??= stateOf(container).relativeTo;
}

/** The card that contains this value, however deep; a card is its own. */
export function holderOf(value: BaseDef): BaseDef {
  const [container] = stateOf(value).containers.keys();
  return container ? holderOf(container) : value;
}

export function disown(container: BaseDef, value: unknown): void {
  if (hasState(value)) stateOf(value).containers.delete(container);
}
