/**
 * The class a card's templates extend: `class Isolated extends Component<typeof this>`.
 *
 * Its arguments are those every template of a card or field is given.
 */

import GlimmerComponent from "@glimmer/component";
import type { BaseDef, Format } from "../defs/base-def.ts";

/** Anything Glimmer can render. */
export type ComponentLike = abstract new (...args: any[]) => any;

export interface TemplateArgs {
  /** The card, the composite value, or the plain value of a primitive. */
  model: any;
  /** A component for each field: `<@fields.name />`. */
  fields: any;
  format: Format;
  /** Assign a new value to the field that is shown. */
  set: (value: any) => void;
  fieldName: string | undefined;
  context: any;
  configuration: any;
  canEdit: boolean;
  typeConstraint: any;
  cardOrField: typeof BaseDef;
  createCard: ((...args: any[]) => any) | undefined;
  viewCard: ((...args: any[]) => any) | undefined;
  editCard: ((...args: any[]) => any) | undefined;
  saveCard: ((...args: any[]) => any) | undefined;
}

// The type parameter is the definition's class; templates are not type-checked here.
export class Component<_Definition = unknown> extends (GlimmerComponent as any)<{
  Args: TemplateArgs;
}> {
  declare args: TemplateArgs;
}
