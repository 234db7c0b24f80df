/** A card's id: given once, by whoever stores the card. */

import type { BaseDef } from "../defs/base-def.ts";
import { stateOf } from "../state.ts";
import { ContainsField } from "./contains.ts";

export class IdField extends ContainsField {
  override put(instance: BaseDef, value: unknown): void {
    const state = stateOf(instance);
    const current = state.values.get(this.name);
    if (state.isSaved && value !== current) {
      throw new Error(
        `cannot change the id of ${current} to ${String(value)}: a saved card keeps its id`,
      );
    }
    state.values.set(this.name, value);
  }
}
