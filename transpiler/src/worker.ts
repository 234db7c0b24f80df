// The program the server runs: one request in, one answer out, in order.
//
// A frame is a 4-byte big-endian length and that many bytes of UTF-8 JSON. The first frame
// out says hello with the transpiler's version. The end of stdin ends the program. Nothing
// else may reach stdout, so whatever the tools print goes to stderr.

import { parseArgs } from "node:util";
import { type Pipeline, transpile } from "./transpile.ts";
import type { TranspileError } from "./transpile-error.ts";
import { VERSION } from "./version.ts";

interface Request {
  id: number;
  path: string;
  source: string;
}

const { values } = parseArgs({ options: { pipeline: { type: "string", default: "fast" } } });
const pipeline = values.pipeline as Pipeline;

console.log = console.error;
console.info = console.error;

function send(message: object): void {
  const body = Buffer.from(JSON.stringify(message));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  process.stdout.write(Buffer.concat([length, body]));
}

function answer({ id, path, source }: Request): object {
  try {
    return { id, ...transpile(source, path, { pipeline }) };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "TranspileError") throw error;
    const { message, line, column, frame, leavesDamage } = error as TranspileError;
    return { id, error: { message, line, column, frame }, isLast: leavesDamage };
  }
}

async function main(): Promise<void> {
  send({ hello: true, version: pipeline === "fast" ? VERSION : `${VERSION}-${pipeline}` });
  let waiting = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    waiting = Buffer.concat([waiting, chunk as Buffer]);
    while (waiting.length >= 4) {
      const end = 4 + waiting.readUInt32BE(0);
      if (waiting.length < end) break;
      const request = JSON.parse(waiting.subarray(4, end).toString("utf8")) as Request;
      waiting = waiting.subarray(end);
      send(answer(request));
    }
  }
}

await main();
