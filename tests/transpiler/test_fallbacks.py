"""What the fast pipeline leaves to the reference: these constructs, and no others that we know.

`test_differential.py` asserts that no module of the repository or the corpus does.
"""

from collections.abc import AsyncIterator

import pytest

from realmkit.config import static_dir
from realmkit.modules import TranspilerPool

pytestmark = pytest.mark.anyio

LEFT_TO_THE_REFERENCE = {
    "namespace": "namespace N { export const x = 1 } export const y = N.x;",
    "enum in pieces": "enum A { X } enum A { Y = 1 } export const a = A.Y;",
    "computed enum": "export enum A { X = 's'.length }",
    "decorated computed key": "const d = (_t, _k, x) => x; export class A { @d static [`x`]() {} }",
    "super in an expression": (
        "class B {} export class A extends B { constructor(public x) { const t = super(); } }"
    ),
    "byte order mark": "\ufeffexport const a: number = 1;",
    "touching word": "export const f = () => { return<template>x</template>; };",
    "template in a call": (
        "import { template } from '@ember/template-compiler'; export const T = template('x');"
    ),
    "default type": "interface A {} export default A;",
}


@pytest.fixture
async def pool() -> AsyncIterator[TranspilerPool]:
    pool = TranspilerPool(static_dir() / "transpiler" / "transpiler.mjs", size=1)
    yield pool
    await pool.stop()


async def test_the_reference_compiles_what_the_fast_pipeline_does_not_know(
    pool: TranspilerPool,
) -> None:
    for number, source in enumerate(LEFT_TO_THE_REFERENCE.values(), start=1):
        compiled = await pool.transpile("a.gts", source)

        assert compiled.error is None, compiled.error
        assert pool.stats.fallbacks == number, source


async def test_an_authors_error_is_no_fall_back(pool: TranspilerPool) -> None:
    compiled = await pool.transpile("a.gts", "const a = 1;\nconst a = 2;")

    assert compiled.error is not None
    assert pool.stats.fallbacks == 0
