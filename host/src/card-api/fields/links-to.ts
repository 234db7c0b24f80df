/** A link to one card. Unset it reads `undefined`; authored as empty it is stored as null. */

import type { BaseDef } from "../defs/base-def.ts";
import { linkFrom } from "../documents/linked.ts";
import type { FieldSource } from "../documents/source.ts";
import type { FieldWriter, Written } from "../documents/writer.ts";
import { instanceOf } from "../identity.ts";
import { consume, stateOf, touchThisTurn } from "../state.ts";
import { Field } from "./field.ts";
import { follow, isSentinel, type LinkSentinel, noteRead } from "./links.ts";
import { readQuery } from "./query.ts";
import { captureQueryFieldSeedData } from "./query-seed.ts";

export class LinksToField extends Field {
  readonly fieldType = "linksTo";

  put(instance: BaseDef, value: unknown): void {
    if (
      value !== null &&
      value !== undefined &&
      !isSentinel(value) &&
      !instanceOf(value, this.card)
    ) {
      throw this.wrongClass(value);
    }
    stateOf(instance).values.set(this.name, value ?? null);
  }

  protected read(instance: BaseDef): unknown {
    if (this.query) return readQuery(instance, this)[0];
    const value = stateOf(instance).values.get(this.name);
    if (!isSentinel(value)) {
      if (value) noteRead(instance, this, value as BaseDef);
      return value ?? undefined;
    }
    const { values } = stateOf(instance);
    const here = follow(instance, this, value, (found) => {
      if (values.get(this.name) !== value) return;
      values.set(this.name, found);
      touchThisTurn(instance);
    });
    if (here) values.set(this.name, here);
    return here;
  }

  protected empty(): unknown {
    return undefined;
  }

  /** The link if its card is not here, for a placeholder in its stead. */
  brokenLink(instance: BaseDef): LinkSentinel | undefined {
    const value = consume(instance).values.get(this.name);
    return isSentinel(value) && value.isTerminal ? value : undefined;
  }

  async prepare(source: FieldSource): Promise<unknown> {
    if (this.query) return captureQueryFieldSeedData(this, source);
    const relationship = source.relationships.get("");
    if (!relationship) return undefined;
    return linkFrom(relationship, this, source, source.previous);
  }

  write(instance: BaseDef, path: string, writer: FieldWriter): Written | undefined {
    if (this.query) return undefined;
    const value = this.isComputed ? this.get(instance) : stateOf(instance).values.get(this.name);
    if (value === undefined) return undefined;
    writer.link(instance, path, value);
    return undefined;
  }
}
