// Why a source does not compile, in the author's own lines.

export class TranspileError extends Error {
  constructor(
    message: string,
    // From 1; null where no tool knows.
    readonly line: number | null = null,
    // From 0.
    readonly column: number | null = null,
    readonly frame: string | null = null,
    // A parser that ran out of its stack may answer nonsense from now on.
    readonly leavesDamage = false,
  ) {
    super(message);
    this.name = "TranspileError";
  }
}

export const TOO_DEEP = "The source is nested too deeply to be parsed";
const TOO_WIDE =
  "The source does not parse, and where is not known: a line has more than 65,000 characters";

// content-tag breaks off when it is nested too deeply, and when it cannot draw a line that long.
export function whyItBrokeOff(source: string): string {
  return /[^\n]{65000}/.test(source) ? TOO_WIDE : TOO_DEEP;
}
