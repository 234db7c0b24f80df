/**
 * What a template inherits from where it is rendered.
 *
 * A frame says which format the container has, and so which format its
 * children get when nobody names one. Frames are made once per container
 * format, because components are cached by frame: a new frame would remount.
 */

import type { Format } from "../defs/base-def.ts";

export interface Permissions {
  canRead: boolean;
  canWrite: boolean;
}

/** What a person may do from inside a card; each is optional. */
export interface CrudFunctions {
  createCard?: (...args: any[]) => any;
  viewCard?: (...args: any[]) => any;
  editCard?: (...args: any[]) => any;
  saveCard?: (...args: any[]) => any;
}

/** What the host gives a whole rendering. Without permissions nothing can be edited. */
export interface Surroundings {
  permissions?: Permissions;
  crud?: CrudFunctions;
  context?: unknown;
}

export type ChildKind = "card" | "field";

export class Frame {
  readonly surroundings: Surroundings;
  readonly container: Format | undefined;
  #within = new Map<Format, Frame>();

  constructor(surroundings: Surroundings, container?: Format) {
    this.surroundings = surroundings;
    this.container = container;
  }

  /** The frame of what is rendered inside a container of this format. */
  within(format: Format): Frame {
    const frame = this.#within.get(format) ?? new Frame(this.surroundings, format);
    this.#within.set(format, frame);
    return frame;
  }

  get canWrite(): boolean {
    return this.surroundings.permissions?.canWrite === true;
  }

  defaultFormat(kind: ChildKind): Format {
    return defaultFormatIn(this.container, kind);
  }
}

export function defaultFormatIn(container: Format | undefined, kind: ChildKind): Format {
  switch (container) {
    case undefined:
      return kind === "card" ? "isolated" : "embedded";
    case "isolated":
    case "embedded":
    case "fitted":
      return kind === "card" ? "fitted" : "embedded";
    default:
      return container;
  }
}
