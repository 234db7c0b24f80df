/** A file of a realm that is no card: what is known of it without opening it. */

import { contains, declareField } from "../fields/declare.ts";
import { definitionKind } from "../symbols.ts";
import CardAtom from "../templates/card-atom.gts";
import FileFitted from "../templates/file-fitted.gts";
import FileView from "../templates/file-view.gts";
import HeadTemplate from "../templates/head.gts";
import FileIcon from "../templates/icons/file.gts";
import ImageView from "../templates/image-view.gts";
import MarkdownTemplate from "../templates/plain-text.gts";
import { BaseDef } from "./base-def.ts";
import { ReadOnlyField } from "./string-field.ts";

export class FileDef extends BaseDef {
  static readonly [definitionKind]: string = "file";
  static override displayName = "File";
  static override icon = FileIcon;

  static override isolated = FileView;
  static override embedded = FileFitted;
  static override fitted = FileFitted;
  static override atom = CardAtom;
  static override edit = FileView;
  static override head = HeadTemplate;
  static override markdown = MarkdownTemplate;

  get cardTitle(): string {
    return this.name ?? this.url ?? this.id ?? "File";
  }
}

for (const name of ["id", "url", "sourceUrl", "name", "contentType"]) {
  declareField(FileDef, name, contains(ReadOnlyField));
}

export class ImageDef extends FileDef {
  static override displayName = "Image";
  static override isolated = ImageView;
  static override embedded = ImageView;
  static override fitted = ImageView;
}
