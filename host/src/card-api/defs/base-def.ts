/**
 * The root of every card definition, field definition and file.
 *
 * An instance is a thin object: accessors on its prototype (made by `@field`)
 * read and write the data bucket in `state.ts`.
 */

import type { ComponentLike } from "../render/component.ts";
import { consume, createState, stateOf } from "../state.ts";
import type { ResourceMeta } from "../store-seam.ts";
import {
  isBaseDef,
  isSavedInstance,
  localId,
  meta,
  realmInfo,
  realmURL,
  relativeTo,
} from "../symbols.ts";

export type Format = "isolated" | "embedded" | "fitted" | "atom" | "edit" | "head" | "markdown";

export class BaseDef {
  static readonly [isBaseDef] = true;
  static displayName = "Base";
  static icon: ComponentLike | undefined;

  static isolated: ComponentLike | undefined;
  static embedded: ComponentLike | undefined;
  static fitted: ComponentLike | undefined;
  static atom: ComponentLike | undefined;
  static edit: ComponentLike | undefined;
  static head: ComponentLike | undefined;
  static markdown: ComponentLike | undefined;

  // Fields are accessors made at class definition; TypeScript cannot see them.
  [field: string]: any;

  /** The label of an instance's kind; a definition may answer by the instance. */
  static getDisplayName(_instance: BaseDef): string {
    // biome-ignore lint/complexity/noThisInStatic: the subclass that is asked answers.
    return this.displayName;
  }

  static getIconComponent(_instance: BaseDef): ComponentLike | undefined {
    // biome-ignore lint/complexity/noThisInStatic: the subclass that is asked answers.
    return this.icon;
  }

  constructor(values: Record<string | symbol, unknown> = {}) {
    createState(this);
    for (const key of Reflect.ownKeys(values)) (this as any)[key] = values[key];
  }

  get [meta](): ResourceMeta | undefined {
    return consume(this).meta;
  }

  get [realmURL](): URL | undefined {
    const url = consume(this).meta?.realmURL;
    return url === undefined ? undefined : new URL(url);
  }

  get [realmInfo](): Record<string, unknown> | undefined {
    return consume(this).meta?.realmInfo;
  }

  get [relativeTo](): URL | undefined {
    const base = stateOf(this).relativeTo;
    return base === undefined ? undefined : new URL(base);
  }

  get [isSavedInstance](): boolean {
    return consume(this).isSaved;
  }

  declare [localId]: string;
}
