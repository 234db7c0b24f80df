/** The plain values the engine's own cards contain; the base realm has the rest. */

import { primitive, valueType } from "../symbols.ts";
import StringIcon from "../templates/icons/string.gts";
import JSONView from "../templates/json-view.gts";
import StringEdit from "../templates/string-edit.gts";
import StringView from "../templates/string-view.gts";
import TextAreaEdit from "../templates/text-area-edit.gts";
import { FieldDef } from "./field-def.ts";

export class StringField extends FieldDef {
  static readonly [primitive] = true;
  static readonly [valueType]: string = "string";
  static override displayName = "String";
  static override icon = StringIcon;
  static override isolated = StringView;
  static override embedded = StringView;
  static override fitted = StringView;
  static override atom = StringView;
  static override edit = StringEdit;
}

/** Shown, never typed into: ids and the like. */
export class ReadOnlyField extends StringField {
  static override displayName = "Read-only";
  static override edit = StringView;
}

/** A number that is shown and never typed into. */
export class ReadOnlyNumberField extends FieldDef {
  static readonly [primitive] = true;
  static readonly [valueType]: string = "number";
  static override displayName = "Read-only number";
  static override icon = StringIcon;
  static override isolated = StringView;
  static override embedded = StringView;
  static override fitted = StringView;
  static override atom = StringView;
  static override edit = StringView;
}

/** Any JSON value, written out; for what no definition describes. */
export class ReadOnlyJSONField extends FieldDef {
  static readonly [primitive] = true;
  static readonly [valueType]: string = "json";
  static override displayName = "JSON";
  static override icon = StringIcon;
  static override isolated = JSONView;
  static override embedded = JSONView;
  static override fitted = JSONView;
  static override atom = JSONView;
  static override edit = JSONView;
}

export class TextAreaField extends StringField {
  static override displayName = "Text";
  static override edit = TextAreaEdit;
}

/** An image's address, or the image itself as a `data:` URL. */
export class MaybeBase64Field extends StringField {
  static override displayName = "Image address";
}
