"""Sources that no author means: huge, deep, binary. Each has a clear outcome, and leaves
the worker that met it fit for the next.
"""

import random
from collections.abc import AsyncIterator

import pytest

from realmkit.config import static_dir
from realmkit.modules import TranspilerPool
from realmkit.modules.compiled import Compiled

pytestmark = pytest.mark.anyio


@pytest.fixture
async def pool() -> AsyncIterator[TranspilerPool]:
    pool = TranspilerPool(static_dir() / "transpiler" / "transpiler.mjs", size=1, deadline_s=120)
    yield pool
    await pool.stop()


async def compiled(pool: TranspilerPool, source: str, path: str = "a.gts") -> Compiled:
    result = await pool.transpile(path, source)
    after = await pool.transpile("b.gts", "<template>fine</template>")
    assert after.error is None
    return result


async def test_a_module_of_5_mb_compiles(pool: TranspilerPool) -> None:
    row = "  { name: 'something', value: 123, list: ['a', 'b'] as string[] },\n"
    source = f"export const rows = [\n{row * (5_000_000 // len(row))}];\n"

    result = await compiled(pool, source, "rows.ts")

    assert result.error is None
    assert result.exports == ("rows",)
    assert "as string" not in result.parts[0]


async def test_a_template_with_10_000_nodes_compiles(pool: TranspilerPool) -> None:
    nodes = "\n".join(f"<p>{{{{@model.field{n}}}}}</p>" for n in range(10_000))

    result = await compiled(pool, f"<template>{nodes}</template>")

    assert result.error is None
    assert "field9999" in "".join(result.parts)


@pytest.mark.parametrize(
    "source",
    [
        f"<template>{'<b>' * 10_000}{'</b>' * 10_000}</template>",
        f"export const x = {'(' * 50_000}1{')' * 50_000};",
    ],
    ids=["template", "script"],
)
async def test_a_source_that_is_nested_too_deeply_says_so(
    pool: TranspilerPool, source: str
) -> None:
    result = await compiled(pool, source)

    assert result.error is not None
    assert result.error.message == "The source is nested too deeply to be parsed"


async def test_noise_is_the_authors_error(pool: TranspilerPool) -> None:
    noise = random.Random(7).randbytes(20_000).decode("latin-1")

    result = await compiled(pool, noise)

    assert result.error is not None
    assert result.error.line is not None
