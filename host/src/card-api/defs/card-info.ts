/** What every card says about itself, whatever its definition: title, summary, picture, theme. */

import { contains, declareField, linksTo } from "../fields/declare.ts";
import CardInfoEdit from "../templates/card-info-edit.gts";
import { Theme } from "./card-def.ts";
import { FieldDef } from "./field-def.ts";
import { ImageDef } from "./file-def.ts";
import { MaybeBase64Field, StringField, TextAreaField } from "./string-field.ts";

export class CardInfoField extends FieldDef {
  static override displayName = "Card info";
  static override edit = CardInfoEdit;
}

declareField(CardInfoField, "name", contains(StringField));
declareField(CardInfoField, "summary", contains(TextAreaField));
declareField(
  CardInfoField,
  "cardThumbnail",
  linksTo(() => ImageDef),
);
declareField(CardInfoField, "cardThumbnailURL", contains(MaybeBase64Field));
declareField(
  CardInfoField,
  "theme",
  linksTo(() => Theme),
);
declareField(CardInfoField, "notes", contains(TextAreaField));
