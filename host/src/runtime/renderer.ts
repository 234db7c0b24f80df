/**
 * Components into elements, as often as one likes.
 *
 * One Glimmer renderer serves a page, so a template is compiled once. A root
 * that is taken down is forgotten, which Ember's own `renderComponent` does not
 * do. After a render that throws, the renderer may be half-way through its
 * work; it is dropped, with whatever it shows, and the next mount gets another.
 */

import { BaseRenderer } from "realmkit:ember-renderer";
import { run } from "@ember/runloop";
import { resetTracking } from "@glimmer/validator";

export interface Mounted {
  destroy(): void;
}

const owner = {
  lookup: (name: string) =>
    name === "-environment:main" ? { isInteractive: true, hasDOM: true } : undefined,
  factoryFor: () => undefined,
  resolveRegistration: () => undefined,
};

let renderer: BaseRenderer | undefined;

/** Render `component` into `element`. Throws what the component throws. */
export function mount(component: object, element: Element): Mounted {
  renderer ??= newRenderer();
  const current = renderer;
  element.replaceChildren();
  try {
    // Outside a run loop anything that joins one while rendering recurses for ever.
    const root = run(() => current.render(component, { into: element }));
    return { destroy: () => run(() => root.destroy()) };
  } catch (error) {
    dropRenderer();
    throw error;
  }
}

function newRenderer(): BaseRenderer {
  const environment = { isInteractive: true, hasDOM: true };
  return BaseRenderer.strict(Object.create(owner), document, environment);
}

/** Take down everything that is shown; the next mount starts afresh. */
export function dropRenderer(): void {
  const dropped = renderer;
  renderer = undefined;
  resetTracking();
  try {
    if (dropped) run(() => dropped.destroy());
  } catch {
    // What a broken render left behind may not know how to end; nothing shows it any more.
  }
}
