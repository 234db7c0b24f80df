/**
 * The root of field definitions: values that live inside a card.
 *
 * A definition with a static `primitive` is one plain value; any other is a
 * composite with fields of its own.
 */

import { definitionKind } from "../symbols.ts";
import AtomTemplate from "../templates/field-atom.gts";
import EditTemplate from "../templates/field-edit.gts";
import EmbeddedTemplate from "../templates/field-embedded.gts";
import HeadTemplate from "../templates/head.gts";
import FieldIcon from "../templates/icons/field.gts";
import MarkdownTemplate from "../templates/plain-text.gts";
import { BaseDef } from "./base-def.ts";

export class FieldDef extends BaseDef {
  static readonly [definitionKind]: string = "field";
  static override displayName = "Field";
  static override icon = FieldIcon;

  static override isolated = EmbeddedTemplate;
  static override embedded = EmbeddedTemplate;
  static override fitted = EmbeddedTemplate;
  static override atom = AtomTemplate;
  static override edit = EditTemplate;
  static override head = HeadTemplate;
  static override markdown = MarkdownTemplate;
}
