/**
 * The root of card definitions, and the theme a card may wear.
 *
 * They share a file because a card contains card info, card info links to a
 * theme, and a theme is a card: the theme's class must exist as soon as
 * `CardDef` does.
 */

import { contains, containsMany, declareField, FieldFactory, linksTo } from "../fields/declare.ts";
import { IdField } from "../fields/id-field.ts";
import { definitionKind, localId } from "../symbols.ts";
import CardAtom from "../templates/card-atom.gts";
import CardEdit from "../templates/card-edit.gts";
import CardEmbedded from "../templates/card-embedded.gts";
import CardFitted from "../templates/card-fitted.gts";
import CardIsolated from "../templates/card-isolated.gts";
import HeadTemplate from "../templates/head.gts";
import CardIcon from "../templates/icons/card.gts";
import ThemeIcon from "../templates/icons/theme.gts";
import MarkdownTemplate from "../templates/plain-text.gts";
import { BaseDef } from "./base-def.ts";
import { CardInfoField } from "./card-info.ts";
import { MaybeBase64Field, ReadOnlyField, StringField, TextAreaField } from "./string-field.ts";

export class CardDef extends BaseDef {
  static readonly [definitionKind]: string = "card";
  static override displayName = "Card";
  static override icon = CardIcon;
  static prefersWideFormat = false;
  static headerColor: string | null = null;

  static override isolated = CardIsolated;
  static override embedded = CardEmbedded;
  static override fitted = CardFitted;
  static override atom = CardAtom;
  static override edit = CardEdit;
  static override head = HeadTemplate;
  static override markdown = MarkdownTemplate;

  constructor(values: Record<string | symbol, unknown> = {}) {
    super(values);
    this[localId] ??= crypto.randomUUID();
  }
}

declareField(
  CardDef,
  "id",
  new FieldFactory((name, owner) => new IdField(name, owner, ReadOnlyField, {})),
);
declareField(
  CardDef,
  "cardInfo",
  contains(() => CardInfoField),
);
declareField(CardDef, "cardTitle", contains(StringField, { computeVia: titleOf }));
declareField(CardDef, "cardDescription", contains(StringField, { computeVia: descriptionOf }));
declareField(
  CardDef,
  "cardTheme",
  linksTo(() => Theme, { computeVia: themeOf }),
);
declareField(CardDef, "cardThumbnailURL", contains(MaybeBase64Field, { computeVia: thumbnailOf }));

/** Its card info's name, else a `title` of the definition's own, else "Untitled Country". */
function titleOf(this: BaseDef): string {
  return (
    text(this.cardInfo?.name) ??
    ownTitle(this) ??
    `Untitled ${(this.constructor as typeof BaseDef).displayName}`
  );
}

const asked = new WeakSet<BaseDef>();

// A definition may compute its `title` from `cardTitle`, which would ask it again.
function ownTitle(card: BaseDef): string | undefined {
  if (asked.has(card)) return undefined;
  asked.add(card);
  try {
    return text(card.title);
  } finally {
    asked.delete(card);
  }
}

function descriptionOf(this: BaseDef): string | undefined {
  return text(this.cardInfo?.summary) ?? text(this.description);
}

function themeOf(this: BaseDef): Theme | undefined {
  return this.cardInfo?.theme;
}

function thumbnailOf(this: BaseDef): string | undefined {
  return (
    text(this.cardInfo?.cardThumbnailURL) ??
    text(this.cardInfo?.cardThumbnail?.url) ??
    text(this.thumbnailURL)
  );
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

/** Colours and type for the cards that link to it, as CSS variables. */
export class Theme extends CardDef {
  static override displayName = "Theme";
  static override icon = ThemeIcon;
}

declareField(Theme, "cssVariables", contains(TextAreaField));
declareField(Theme, "cssImports", containsMany(StringField));
