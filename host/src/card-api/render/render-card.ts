/**
 * Show a card in an element of the page.
 *
 * Each rendering is a Glimmer root of its own. A render that throws takes every
 * other rendering of the page down with it.
 */

import { consumeTag, createTag, dirtyTag } from "@glimmer/validator";
import { typeKey } from "../../loader/addresses.ts";
import { mount } from "../../runtime/renderer.ts";
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
  const mounted = mount(component, element);
  return {
    destroy: () => mounted.destroy(),
    setFormat: (next) => {
      format = next;
      dirtyTag(cell);
    },
  };
}

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
