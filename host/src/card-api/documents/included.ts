/**
 * A document while it is being read: its cards, each made once.
 *
 * Cards that link to each other in a circle must not wait for each other, so a
 * card is made and remembered first and filled in later; whoever reads the
 * document waits for all of it at the end.
 */

import type { BaseDef } from "../defs/base-def.ts";
import { instanceOf } from "../identity.ts";
import { stateOf, touch } from "../state.ts";
import type { CardDocument, CardStore, Resource } from "../store-seam.ts";
import { localId } from "../symbols.ts";
import { resolveReference } from "./references.ts";
import { isSearchResult } from "./search-results.ts";
import { fieldSource, type ResourceSource } from "./source.ts";
import { belongTo, prepareFields, putPrepared } from "./values.ts";

export class IncludedCards {
  readonly document: CardDocument;
  #store: CardStore;
  #byId: Map<string, Resource> | undefined;
  #made = new Map<Resource, Promise<BaseDef>>();
  #fills: Promise<void>[] = [];

  constructor(document: CardDocument, store: CardStore) {
    this.document = document;
    this.#store = store;
  }

  /** The included resource with this absolute id. */
  find(id: string): Resource | undefined {
    this.#byId ??= this.#resourcesById();
    return this.#byId.get(id);
  }

  findLocal(lid: string): Resource | undefined {
    return this.document.included?.find((each) => each.lid === lid);
  }

  /** The instance of a resource. It may not be filled in before `filled`. */
  instance(resource: Resource, relativeTo: string | undefined): Promise<BaseDef> {
    const made = this.#made.get(resource) ?? this.#make(resource, relativeTo);
    this.#made.set(resource, made);
    return made;
  }

  /** Fill an existing instance from a resource. */
  refill(instance: BaseDef, resource: Resource, relativeTo: string | undefined): void {
    this.#made.set(resource, Promise.resolve(instance));
    this.#fills.push(this.#fill(instance, resource, relativeTo));
  }

  async filled(): Promise<void> {
    while (this.#fills.length > 0) await Promise.all(this.#fills.splice(0));
  }

  #resourcesById(): Map<string, Resource> {
    const { data, included = [] } = this.document;
    const named = [data, ...included].filter((each) => each?.id !== undefined);
    return new Map(named.map((each) => [resolveReference(each.id!), each]));
  }

  async #make(resource: Resource, relativeTo: string | undefined): Promise<BaseDef> {
    const id = resource.id === undefined ? undefined : resolveReference(resource.id, relativeTo);
    const cls = await this.#store.loadClass(resource.meta.adoptsFrom, id ?? relativeTo);
    const known = id === undefined ? undefined : this.#store.peek(id);
    const instance = known && instanceOf(known, cls) ? known : new cls();
    if (id !== undefined) {
      stateOf(instance).values.set("id", id);
      if (instance !== known) this.#store.remember(id, instance);
    } else if (resource.lid !== undefined) {
      instance[localId] = resource.lid;
    }
    this.#fills.push(this.#fill(instance, resource, relativeTo));
    return instance;
  }

  async #fill(
    instance: BaseDef,
    resource: Resource,
    relativeTo: string | undefined,
  ): Promise<void> {
    const state = stateOf(instance);
    const id = state.values.get("id") as string | undefined;
    const source: ResourceSource = {
      relativeTo: id ?? relativeTo,
      document: this,
      store: this.#store,
      isSearchResult: isSearchResult(resource),
      authoredReferences: new Map(),
    };
    const relationships = new Map(Object.entries(resource.relationships ?? {}));
    const { attributes, meta } = resource;
    belongTo(instance, source);
    const prepared = await prepareFields(instance.constructor as typeof BaseDef, (name) =>
      fieldSource(source, name, attributes, relationships, meta.fields, state),
    );
    // Asked only now: a person may have typed while the values were being prepared.
    const edited = this.#store.editedFields?.(instance);
    putPrepared(
      instance,
      prepared.filter(([{ name }]) => !edited?.has(name) && (name !== "id" || id === undefined)),
    );
    state.meta = meta;
    state.origin = resource;
    state.isSaved = id !== undefined;
    touch(instance);
  }
}
