/** Small questions card code asks of cards. */

import { isCardDef } from "./definitions.ts";
import type { BaseDef } from "./defs/base-def.ts";
import { resolveReference } from "./documents/references.ts";
import { hasState, stateOf } from "./state.ts";

/** Is this an instance of a card definition (not of a field or a file)? */
export function isCard(value: unknown): value is BaseDef {
  return hasState(value) && isCardDef(value.constructor);
}

export { isCard as isCardInstance };

/** The absolute address of a reference written in a card. */
export function resolveInstanceURL(reference: string, card: BaseDef): string {
  return resolveReference(reference, (card.id as string | undefined) ?? stateOf(card).relativeTo);
}
