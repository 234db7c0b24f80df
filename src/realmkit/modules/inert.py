"""Modules that only need to be there: commands and tools of the peer's own host.

Cards import them at the top and run them from buttons. Here each is a class that can be
imported, subclassed and constructed; asking it to do something says that it cannot.
"""

import json
import re
from collections.abc import Iterable

from realmkit.modules.compiled import short_hash

INERT_PREFIXES = ("@cardstack/boxel-host/commands/", "@cardstack/boxel-host/tools/")

_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*\Z", re.ASCII)

_CLASS = """\
class Inert {
  static isInert = true;
  constructor(commandContext) { this.commandContext = commandContext; }
  async execute() { throw new Error("This command belongs to another host and does nothing here."); }
  async getInputType() { return undefined; }
}
"""


def is_inert(specifier: str) -> bool:
    return specifier.startswith(INERT_PREFIXES)


def inert_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names that can be exported, once each and in order: what the address lists."""
    return tuple(sorted({name for name in names if _IDENTIFIER.match(name)} | {"default"}))


def inert_version(names: Iterable[str]) -> str:
    return short_hash(inert_module(names))


def inert_module(names: Iterable[str]) -> str:
    """The text of a module that exports an inert class under each name."""
    lines = [_CLASS]
    for index, name in enumerate(inert_names(names)):
        lines.append(
            f"const inert{index} = class extends Inert {{ static name = {json.dumps(name)}; }};"
        )
        lines.append(f"export {{ inert{index} as {name} }};")
    return "\n".join(lines) + "\n"
