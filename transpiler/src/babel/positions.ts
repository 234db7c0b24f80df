// Positions in content-tag's output, told as positions in the author's source.

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";

export interface Position {
  // From 1.
  line: number;
  // From 0, in UTF-16 units.
  column: number;
}

export class PositionMap {
  static readonly identity = new PositionMap(undefined);
  readonly map: object | undefined;
  readonly #trace: TraceMap | undefined;

  constructor(map: string | object | undefined) {
    this.map = typeof map === "string" ? (JSON.parse(map) as object) : map;
    this.#trace = this.map && new TraceMap(this.map as never);
  }

  originalOf(position: Position): Position | null {
    if (!this.#trace) return position;
    const { line, column } = originalPositionFor(this.#trace, {
      line: position.line,
      column: position.column,
    });
    return line === null ? null : { line, column };
  }
}
