"""150 cold modules asked of two servers at once, against one of them doing it alone.

Both servers share one PostgreSQL and one folder, and neither indexes. The modules are
written anew for each round, so that every one is cold everywhere. Each server has done
as much alone as the other before anything counts, because a Node that has compiled
little compiles slowly; then the two kinds of round take turns.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path

from serving import Figures, fetch, free_port, postgres, serve_command, until_answering

MODULES = [f"m{number}" for number in range(150)]
WARM_ROUNDS = 4
ROUNDS = 5
CARD = """\
import {{ CardDef, Component, contains, field }} from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';

export class Card{name} extends CardDef {{
  static displayName = 'Round {round}';
  @field name = contains(StringField);
  @field town = contains(StringField);
  @field cardTitle = contains(StringField, {{
    computeVia: function (this: Card{name}) {{ return `${{this.name}} of ${{this.town}}`; }},
  }});
  static isolated = class Isolated extends Component<typeof Card{name}> {{
    <template>
      <article class='card'>
        <h1>{{{{@model.name}}}}</h1>
        {{{{#if @model.town}}}}<p>Lives in <@fields.town /></p>{{{{else}}}}<p>Nowhere</p>{{{{/if}}}}
      </article>
      <style scoped> .card {{ color: rgb(1, 2, 3); }} </style>
    </template>
  }};
}}
"""


async def main() -> int:
    figures = Figures("150 cold modules: two processes against one")
    with tempfile.TemporaryDirectory(prefix="realmkit-bench-") as name, postgres() as database:
        folder = Path(name) / "people"
        folder.mkdir()
        ports = [free_port(), free_port()]
        options = ["--database", database, "--public-url", f"http://127.0.0.1:{ports[0]}"]
        with ExitStack() as stack:
            for port in ports:
                state = Path(name) / str(port)
                stack.enter_context(
                    serve_command(folder, state, port, *options, "--no-index", "--no-watch")
                )
                await until_answering(port, "/_health")
            numbers = count()
            for _ in range(WARM_ROUNDS):
                for port in ports:
                    await cold_round(folder, [port], next(numbers))
            alone: list[float] = []
            both: list[float] = []
            for _ in range(ROUNDS):
                alone.append(await cold_round(folder, ports[:1], next(numbers)))
                both.append(await cold_round(folder, ports, next(numbers)))
    ratio = min(both) / min(alone)
    figures.line(f"one process, the best of {ROUNDS} rounds", f"{min(alone):.2f} s")
    figures.line(f"two processes, the best of {ROUNDS} rounds", f"{min(both):.2f} s")
    figures.line("ratio", f"{ratio:.2f}", target="at most 1.15", met=ratio <= 1.15)
    return figures.exit_code()


async def cold_round(folder: Path, ports: Sequence[int], number: int) -> float:
    """Seconds until every one of the ports has answered for every module."""
    for name in MODULES:
        (folder / f"{name}.gts").write_text(CARD.format(name=name, round=number))
    # Files that young are waited for, which is not what is measured.
    await asyncio.sleep(0.1)
    started = time.perf_counter()
    await asyncio.gather(*(fetch(port, f"/people/{name}") for name in MODULES for port in ports))
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
