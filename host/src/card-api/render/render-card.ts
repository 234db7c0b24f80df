/**
 * Show a card in an element of the page.
 *
 * Each rendering is a Glimmer root of its own. A render that throws leaves
 * Glimmer half-way through its work, and later renders in the page fail: the
 * caller must treat the page as unusable.
 */

import { renderComponent } from "@ember/renderer";
import { run } from "@ember/runloop";
import { consumeTag, createTag, dirtyTag } from "@glimmer/validator";
import { typeKey } from "../../loader/addresses.ts";
import { ancestorOf } from "../definitions.ts";
import type { BaseDef, Format } from "../defs/base-def.ts";
import type { CodeRef } from "../store-seam.ts";
import { Box } from "./box.ts";
import { rootComponent } from "./fields-proxy.ts";
import { Frame, type Surroundings } from "./surroundings.ts";

export interface RenderOptions extends Surroundings {
  format: Format;
  element: Element;
  /** Render as this ancestor shows it. */
  codeRef?: CodeRef;
  /** The Ember owner; a plain one is made when there is none. */
  owner?: object;
}

export interface Rendering {
  destroy(): void;
  /** Show another format in place. A component both formats share stays mounted. */
  setFormat(format: Format): void;
}

export function renderCard(instance: BaseDef, options: RenderOptions): Rendering {
  const { element, codeRef, permissions, crud, context } = options;
  const cls = instance.constructor as typeof BaseDef;
  const as = codeRef && ancestorOf(cls, typeKey(codeRef));
  if (codeRef && !as) throw new Error(`${cls.name} does not descend from ${typeKey(codeRef)}`);

  let format = options.format;
  const cell = createTag();
  const component = rootComponent({
    box: Box.of(instance),
    frame: new Frame({ permissions, crud, context }),
    as,
    ownFormat: () => {
      consumeTag(cell);
      return format;
    },
  });
  const result = mount(component, element, options.owner);
  return {
    destroy: () => run(() => result.destroy()),
    setFormat: (next) => {
      format = next;
      dirtyTag(cell);
    },
  };
}

// Outside a run loop anything that joins one while rendering recurses for ever;
// templates cache handles by owner, so each root has an owner of its own.
function mount(component: object, into: Element, owner: object = plainOwner): { destroy(): void } {
  return run(() =>
    renderComponent(component as any, { into, owner: Object.create(owner) as any }),
  ) as { destroy(): void };
}

const plainOwner = {
  lookup: (name: string) =>
    name === "-environment:main" ? { isInteractive: true, hasDOM: true } : undefined,
  factoryFor: () => undefined,
  resolveRegistration: () => undefined,
};

const components = new WeakMap<BaseDef, unknown>();
const readOnlyFrame = new Frame({});

/** A component that shows `instance`, for use in a template; read-only. */
export function getComponent(instance: BaseDef): any {
  let component = components.get(instance);
  if (!component) {
    component = rootComponent({
      box: Box.of(instance),
      frame: readOnlyFrame,
      ownFormat: () => "embedded",
    });
    components.set(instance, component);
  }
  return component;
}
