/**
 * Running a command of a module in this page.
 *
 * A command is an exported function, or a class with `run` (or `execute`). Its input is
 * JSON, made an instance first where the class names an input type. It has no more
 * rights than a render: it may read and search, it writes nothing and starts no timers.
 */

import { isDefinition } from "../card-api/fields/field.ts";
import { type BaseDef, serializeCard } from "../card-api/index.ts";
import { loader } from "../loader/loader.ts";
import { beginListening, failureOf, takeWindowErrors } from "./failures.ts";
import { takeTimerCount } from "./quiet-page.ts";
import { begin, end, msSince } from "./status.ts";
import type { RunAnswer, RunRequest } from "./visit-contract.ts";

export async function run(request: RunRequest): Promise<RunAnswer[]> {
  const started = performance.now();
  loader.setEpoch(request.epoch);
  begin("command-runner", request.url, request);
  beginListening();
  takeTimerCount();
  const answer: RunAnswer = {
    url: request.url,
    status: "ready",
    result: null,
    error: null,
    ms: 0,
  };
  try {
    const command = await loader.loadClass(request.command, request.url);
    answer.result = asJSON(await outcomeOf(command as Command, request.input));
    const [uncaught] = takeWindowErrors();
    if (uncaught) throw uncaught;
  } catch (error) {
    answer.status = "error";
    answer.result = null;
    answer.error = { ...failureOf(error, takeTimerCount()), title: titleOf(error) };
  }
  answer.ms = msSince(started);
  end(answer.status);
  return [answer];
}

interface CommandInstance {
  run?(input: unknown): unknown;
  execute?(input: unknown): unknown;
  getInputType?(): Promise<unknown>;
}
type Command = ((input: unknown) => unknown) & { prototype?: CommandInstance };

async function outcomeOf(command: Command, input: unknown): Promise<unknown> {
  const { run, execute } = command.prototype ?? {};
  if (!run && !execute) return command(input);
  const instance: CommandInstance = new (command as unknown as new (context: object) => object)({});
  const InputType = await instance.getInputType?.();
  const given = isDefinition(InputType)
    ? new (InputType as typeof BaseDef)((input ?? {}) as Record<string, unknown>)
    : input;
  // `execute` of the peer's base class wraps `run` in what only its own page has.
  return run ? instance.run!(given) : instance.execute!(given);
}

/** What can leave the page: a card is its resource. Throws what JSON cannot hold. */
function asJSON(value: unknown): unknown {
  if (value === undefined) return null;
  const isInstance = isDefinition((value as object | null)?.constructor);
  const told = isInstance
    ? serializeCard(value as BaseDef, { includeComputeds: true }).data
    : value;
  return JSON.parse(JSON.stringify(told) ?? "null");
}

function titleOf(error: unknown): string {
  return (error as { title?: string } | null)?.title ?? "Command failed";
}
