"""Card modules that nobody wrote: seeded, and made of every construct the transpiler knows.

Each module exports `probe`, which answers plain JSON about what its code does, and
components to render. Two compilers that agree on both agree on what matters.
"""

import random

from .module_constructs import CONSTRUCTS, DEFAULTS
from .written_module import LIBRARY, Written


def corpus(seed: int, count: int) -> dict[str, str]:
    """`count` modules by file name, and the library that they import."""
    modules = {"library.ts": LIBRARY}
    for number in range(count):
        rng = random.Random(f"{seed}/{number}")
        written = Written(rng)
        # Every construct stands first in some module, so a small corpus has them all.
        constructs = [CONSTRUCTS[number % len(CONSTRUCTS)], *rng.sample(CONSTRUCTS, 5)]
        for construct in constructs:
            construct(written)
        default = DEFAULTS[number % len(DEFAULTS)]
        modules[f"module{number}.gts"] = f"{written.source()}{default(written)}\n"
    return modules
