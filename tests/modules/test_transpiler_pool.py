"""Workers that answer, crash, hang and stop; with real processes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from realmkit.config import SetupError, static_dir
from realmkit.errors import TryLater
from realmkit.modules import TranspilerPool

pytestmark = pytest.mark.anyio

# A worker that does as the source says: answer, crash, die once, devour, hang or talk.
STUB = """\
import { existsSync, writeFileSync } from "node:fs";
const mark = new URL("crashed", import.meta.url);
const send = (message) => {
  const body = Buffer.from(JSON.stringify(message));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  process.stdout.write(Buffer.concat([length, body]));
};
send({ hello: true, version: "stub" });
let waiting = Buffer.alloc(0);
for await (const chunk of process.stdin) {
  waiting = Buffer.concat([waiting, chunk]);
  while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32BE(0)) {
    const end = 4 + waiting.readUInt32BE(0);
    const { id, source } = JSON.parse(waiting.subarray(4, end));
    waiting = waiting.subarray(end);
    if (source === "hang") { console.error("hanging"); for (;;) {} }
    if (source === "crash") throw new Error("out of ideas");
    if (source === "crash once" && !existsSync(mark)) { writeFileSync(mark, ""); process.exit(1); }
    if (source === "killed once" && !existsSync(mark)) { writeFileSync(mark, ""); process.kill(process.pid, "SIGKILL"); }
    if (source === "devour") for (const all = []; ; ) all.push(new Array(100000).fill(all.length / 3));
    if (source === "last") { send({ id, parts: [source], isLast: true }); continue; }
    if (source === "fallback") { send({ id, parts: [source], fallback: "a namespace" }); continue; }
    if (source === "talk") for (let i = 0; i < 20000; i++) console.error("a line that nobody asked for");
    if (source === "rant") console.error("a word ".repeat(100000));
    send({ id, parts: [source] });
  }
}
"""


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[TranspilerPool]:
    program = tmp_path / "transpiler.mjs"
    program.write_text(STUB)
    (tmp_path / "version.json").write_text('{"version": "stub"}')
    pool = TranspilerPool(program, size=2, deadline_s=20)
    yield pool
    await pool.stop()


@pytest.fixture
async def real_pool() -> AsyncIterator[TranspilerPool]:
    pool = TranspilerPool(static_dir() / "transpiler" / "transpiler.mjs", size=1)
    yield pool
    await pool.stop()


async def text_of(pool: TranspilerPool, source: str) -> str:
    return (await pool.transpile("a.gts", source)).parts[0]


async def error_of(pool: TranspilerPool, source: str) -> str:
    error = (await pool.transpile("a.gts", source)).error
    assert error is not None
    return error.message


async def test_no_worker_starts_before_it_is_needed(pool: TranspilerPool) -> None:
    assert pool.stats.workers_started == 0
    assert pool.version == "stub"


async def test_at_most_as_many_workers_as_asked_for(pool: TranspilerPool) -> None:
    texts = await asyncio.gather(*(text_of(pool, f"{n}") for n in range(20)))

    assert texts == [f"{n}" for n in range(20)]
    assert pool.stats.workers_started == 2


async def test_a_worker_is_used_again(pool: TranspilerPool) -> None:
    await text_of(pool, "a")
    await text_of(pool, "b")

    assert pool.stats.workers_started == 1


async def test_a_crash_is_tried_once_more_on_another_worker(pool: TranspilerPool) -> None:
    assert await text_of(pool, "crash once") == "crash once"
    assert (pool.stats.workers_started, pool.stats.workers_lost) == (2, 1)


async def test_a_killed_workers_request_is_done_by_another(pool: TranspilerPool) -> None:
    assert await text_of(pool, "killed once") == "killed once"
    assert (pool.stats.workers_started, pool.stats.workers_lost) == (2, 1)


async def test_a_worker_killed_between_requests_is_replaced(pool: TranspilerPool) -> None:
    await text_of(pool, "warm")
    (worker,) = pool._workers
    worker.kill()
    await worker._process.wait()

    assert await text_of(pool, "fine") == "fine"
    assert (pool.stats.workers_started, pool.stats.workers_lost) == (2, 1)


async def test_a_module_that_exhausts_memory_is_the_authors_error_and_tried_once(
    pool: TranspilerPool,
) -> None:
    pool._memory_mb = 50

    assert await error_of(pool, "devour") == "It takes more than 50 MB of memory."

    assert (pool.stats.workers_started, pool.stats.workers_lost) == (1, 1)
    assert await text_of(pool, "fine") == "fine"


async def test_a_worker_that_asks_to_be_replaced_answers_first(pool: TranspilerPool) -> None:
    assert await text_of(pool, "last") == "last"
    assert await text_of(pool, "fine") == "fine"
    assert (pool.stats.workers_started, pool.stats.workers_lost) == (2, 1)


async def test_modules_of_the_reference_pipeline_are_counted(pool: TranspilerPool) -> None:
    await text_of(pool, "fine")
    await text_of(pool, "fallback")

    assert (pool.stats.transpiles, pool.stats.fallbacks) == (2, 1)


async def test_a_source_that_would_not_fit_beside_those_that_wait_is_refused(
    pool: TranspilerPool,
) -> None:
    pool = TranspilerPool(pool._program, size=1, deadline_s=20, backlog_bytes=10)
    working = asyncio.create_task(text_of(pool, "hang"))
    waiting = asyncio.create_task(text_of(pool, "patient"))
    await asyncio.sleep(0)

    with pytest.raises(TryLater, match="Too many modules wait"):
        await text_of(pool, "late")

    working.cancel()
    assert await waiting == "patient"
    assert await text_of(pool, "longer than the whole backlog") == "longer than the whole backlog"
    await pool.stop()


async def test_a_transpiler_that_never_says_hello_is_given_up(tmp_path: Path) -> None:
    program = tmp_path / "transpiler.mjs"
    program.write_text("setInterval(() => {}, 1000);")
    (tmp_path / "version.json").write_text('{"version": "stub"}')
    pool = TranspilerPool(program, deadline_s=0.3)

    with pytest.raises(TryLater, match=r"No transpiler started within 0\.3 seconds"):
        await text_of(pool, "a")

    await pool.stop()


async def test_each_pipeline_has_a_version_of_its_own() -> None:
    program = static_dir() / "transpiler" / "transpiler.mjs"
    fast = TranspilerPool(program, size=1)
    babel = TranspilerPool(program, size=1, pipeline="babel")

    texts = [await text_of(pool, "export const a: number = 1;") for pool in (fast, babel)]

    assert fast.version != babel.version
    assert all("number" not in text for text in texts)
    await asyncio.gather(fast.stop(), babel.stop())


async def test_a_source_that_always_crashes_says_why(pool: TranspilerPool) -> None:
    with pytest.raises(TryLater, match=r"`a\.gts`: Error: out of ideas"):
        await text_of(pool, "crash")

    assert await text_of(pool, "fine") == "fine"


async def test_a_source_that_crashes_every_time_is_the_authors_error_in_the_end(
    pool: TranspilerPool,
) -> None:
    for _ in range(2):
        with pytest.raises(TryLater):
            await text_of(pool, "crash")

    assert "out of ideas" in await error_of(pool, "crash")


async def test_a_transpiler_that_cannot_start_is_nobodys_error(pool: TranspilerPool) -> None:
    assert pool.version == "stub"
    pool._program.write_text("throw new Error('broken');")

    for _ in range(4):
        with pytest.raises(TryLater):
            await text_of(pool, "fine")


async def test_a_module_that_takes_too_long_is_the_authors_error(pool: TranspilerPool) -> None:
    await text_of(pool, "warm")
    pool._deadline_s = 0.3

    assert await error_of(pool, "hang") == "It takes longer than 0.3 seconds."

    pool._deadline_s = 20
    assert await text_of(pool, "fine") == "fine"


async def test_a_talkative_tool_does_not_block_its_worker(pool: TranspilerPool) -> None:
    assert await text_of(pool, "talk") == "talk"


async def test_a_tool_that_talks_without_a_pause_does_not_block_its_worker(
    pool: TranspilerPool,
) -> None:
    async with asyncio.timeout(20):
        assert await text_of(pool, "rant") == "rant"
        assert await text_of(pool, "rant") == "rant"


async def test_stopping_takes_about_a_second_even_when_a_worker_hangs(
    pool: TranspilerPool,
) -> None:
    await text_of(pool, "warm")
    hanging = asyncio.create_task(text_of(pool, "hang"))
    await asyncio.sleep(0)

    async with asyncio.timeout(5):
        await pool.stop()
    with pytest.raises(TryLater):
        await hanging

    assert repr(pool) == "<TranspilerPool: 0 busy, 0 idle>"


async def test_a_rebuilt_transpiler_asks_for_a_restart(pool: TranspilerPool) -> None:
    assert pool.version == "stub"
    program = pool._program
    program.write_text(STUB.replace('version: "stub"', 'version: "newer"'))

    with pytest.raises(TryLater, match="rebuilt"):
        await text_of(pool, "a")


async def test_a_transpiler_that_is_not_built_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="make setup"):
        _ = TranspilerPool(tmp_path / "transpiler.mjs").version


ERRORS = [
    ("export default ;", "Expression expected", 1, 15),
    ("const a = 1;\nconst a = 2;", "Identifier 'a' has already been declared.", 2, 6),
    ("export const a = 1;\nexport { b };", "Export 'b' is not defined.", 2, 9),
    (
        "const a = 1;\n<template>\n  <div>\n    <p>\n  </div>\n</template>",
        "Closing tag </div> did not match last open tag <p> (on line 4)",
        5,
        2,
    ),
    ("\n\n<template>\n  <div>\n</template>", "Unclosed element `div`", 4, 2),
    (
        "<template>\n  {{#if x}}\n</template>",
        "The template does not parse: it ends before every block is closed.",
        2,
        9,
    ),
    (
        "const A = 1;\n\nexport default class { <template>\n   {{nope}}</template> }",
        "Attempted to resolve a value in a strict mode template, "
        "but that value was not in scope: nope",
        4,
        3,
    ),
    (
        "const x = 'é';\n<template><p/>\n  <style scoped>\n    .a {\n  </style></template>",
        "The scoped style does not parse: Unclosed block.",
        4,
        4,
    ),
    (
        "<template><b><style scoped>.a{}</style></b></template>",
        "<style> tags must be at the root of the template, they cannot be nested",
        1,
        13,
    ),
]


async def test_of_a_long_line_the_frame_shows_the_place(real_pool: TranspilerPool) -> None:
    source = f"const a = '{'a' * 40_000}'; export default ;{' ' * 10_000}// end\nconst b = 1;"

    error = (await real_pool.transpile("people/a.ts", source)).error

    assert error is not None
    assert error.frame is not None
    shown, marked = error.frame.splitlines()[:2]
    assert len(error.frame) < 1_000
    assert shown[marked.index("^")] == ";"
    assert "export default ;" in shown


async def test_an_error_in_a_line_too_long_to_be_drawn_is_not_called_too_deep(
    real_pool: TranspilerPool,
) -> None:
    error = (
        await real_pool.transpile("people/a.ts", f"const a = '{'a' * 70_000}'; export default ;")
    ).error

    assert error is not None
    assert error.message.startswith("The source does not parse, and where is not known")


@pytest.mark.parametrize(("source", "message", "line", "column"), ERRORS)
async def test_an_error_is_told_in_the_authors_lines(
    real_pool: TranspilerPool, source: str, message: str, line: int | None, column: int | None
) -> None:
    error = (await real_pool.transpile("people/a.gts", source)).error

    assert error is not None
    assert error.message.startswith(message)
    if line is not None:
        assert (error.line, error.column) == (line, column)
        assert error.frame is not None
        assert f"> {line} | {source.splitlines()[line - 1]}"[:20] in error.frame
    shown = f"{error.message}{error.frame}"
    assert "\x1b" not in shown
    assert "sourceMappingURL" not in shown
    assert "/work/" not in shown
