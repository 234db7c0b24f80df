/**
 * A file of a realm as other cards see it: what the server learnt of its bytes.
 *
 * Files are never edited as cards, so every field is read-only. The base realm has a
 * definition for each kind of file; only images are here too, because a card's info
 * links to one.
 */

import { contains, declareField } from "../fields/declare.ts";
import { definitionKind } from "../symbols.ts";
import CardAtom from "../templates/card-atom.gts";
import CardFitted from "../templates/card-fitted.gts";
import FileEmbedded from "../templates/file-embedded.gts";
import FileView from "../templates/file-view.gts";
import HeadTemplate from "../templates/head.gts";
import FileIcon from "../templates/icons/file.gts";
import ImageIcon from "../templates/icons/image.gts";
import ImageEmbedded from "../templates/image-embedded.gts";
import ImageView from "../templates/image-view.gts";
import MarkdownTemplate from "../templates/plain-text.gts";
import { BaseDef } from "./base-def.ts";
import { ReadOnlyField, ReadOnlyNumberField } from "./string-field.ts";

/** The bytes of a file are not what its definition is for; the definition above it may do. */
export class FileContentMismatchError extends Error {
  override name = "FileContentMismatchError";
}

/** What is known of a file before anybody reads it. */
export interface KnownOfFile {
  contentHash?: string;
  contentSize?: number;
}

export class FileDef extends BaseDef {
  static readonly [definitionKind]: string = "file";
  static override displayName = "File";
  static override icon = FileIcon;

  static override isolated = FileView;
  static override embedded = FileEmbedded;
  static override fitted = CardFitted;
  static override atom = CardAtom;
  static override edit = FileView;
  static override head = HeadTemplate;
  static override markdown = MarkdownTemplate;

  /**
   * Attributes of the file at `url`. A definition that reads the bytes takes them from
   * `getStream`, which may be called more than once, and adds to what its parent tells.
   */
  static async extractAttributes(
    url: string,
    _getStream: () => Promise<ReadableStream<Uint8Array>>,
    { contentHash, contentSize }: KnownOfFile = {},
  ): Promise<Record<string, unknown>> {
    const name = decodeURIComponent(new URL(url).pathname.split("/").at(-1)!);
    return {
      url,
      sourceUrl: url,
      name,
      ...(contentHash !== undefined && { contentHash }),
      ...(contentSize !== undefined && { contentSize }),
    };
  }

  get cardTitle(): string {
    return this.title ?? this.name ?? this.url ?? this.id ?? "File";
  }

  get cardDescription(): string | undefined {
    return this.extractionError ?? this.excerpt;
  }
}

for (const name of ["id", "url", "sourceUrl", "name", "contentType", "contentHash"]) {
  declareField(FileDef, name, contains(ReadOnlyField));
}
declareField(FileDef, "contentSize", contains(ReadOnlyNumberField));
declareField(
  FileDef,
  "extractionError",
  contains(ReadOnlyField, { description: "What could not be made out of the bytes." }),
);

export class ImageDef extends FileDef {
  static override displayName = "Image";
  static override icon = ImageIcon;
  static override isolated = ImageView;
  static override embedded = ImageEmbedded;
  static override fitted = ImageEmbedded;

  get cardThumbnailURL(): string | undefined {
    return this.url ?? this.id;
  }
}

declareField(ImageDef, "width", contains(ReadOnlyNumberField));
declareField(ImageDef, "height", contains(ReadOnlyNumberField));
declareField(ImageDef, "takenAt", contains(ReadOnlyField));
declareField(ImageDef, "camera", contains(ReadOnlyField));
