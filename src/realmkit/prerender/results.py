"""What goes into a visit and what comes back.

These are the shapes of the conversation with the prerender page: cards and
module URLs go in, artefacts and definitions come out, both as JSON. A card
that fails is a result with `status` "error"; a call that fails is a page that
hung or a browser that died, and never the card author's concern.
"""

from typing import Any, Literal, cast

import msgspec


class CardSource(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """One instance to visit: its file's URL (with `.json`) and the text of the file."""

    url: str
    source: str
    last_modified: int | None = None
    """Unix seconds."""


class CardError(msgspec.Struct):
    """Why a card or module has no fresh artefacts. `dependencies` are what a repair would change."""

    title: str = "Error"
    message: str = ""
    status: int = 500
    stack: str | None = None
    dependencies: list[str] = []
    additional: list[str] = []
    """Console and window errors seen meanwhile."""


HUNG = 504
LOST = 503
"""Statuses of errors that say nothing of the card itself: it may render another time."""

MAX_LEVELS = 200
"""How deep the documents of an answer nest at most; our JSON encoder ends at 254."""


class CardHTML(msgspec.Struct):
    """Rendered HTML by format; `embedded` and `fitted` by the type key they were rendered as."""

    isolated: str | None = None
    atom: str | None = None
    head: str | None = None
    edit: str | None = None
    embedded: dict[str, str] = {}
    fitted: dict[str, str] = {}


class FileToExtract(msgspec.Struct, frozen=True):
    """One file for its definition to look at: what the server knows of it, by field name."""

    url: str
    definition: dict[str, str]
    """A code ref: `{module, name}`."""
    attributes: dict[str, Any]


class Touched(msgspec.Struct):
    """Absolute URLs: module identities, instances with `.json`, other files."""

    modules: list[str] = []
    instances: list[str] = []
    files: list[str] = []

    def __bool__(self) -> bool:
        return bool(self.modules or self.instances or self.files)


class Dependencies(Touched, rename="camel"):
    """What a visit read. What only searches led it to is no dependency, and told apart."""

    query_only: Touched = msgspec.field(default_factory=Touched)


class StoredQuery(msgspec.Struct):
    """A search that a query-backed field asked, and the ids it was answered with.

    None where it was refused, or the answer did not arrive.
    """

    query: dict[str, Any] = {}
    realms: list[str] = []
    ids: list[str] | None = None


class BrokenLink(msgspec.Struct):
    field: str
    target: str | None = None
    reason: str = ""


class VisitResult(msgspec.Struct, rename="camel"):
    """Everything one visit of one card leaves."""

    url: str
    id: str
    status: Literal["ready", "error"] = "ready"
    resource: dict[str, Any] | None = None
    search_doc: dict[str, Any] | None = None
    types: list[str] = []
    display_names: list[str] = []
    icon_html: str | None = msgspec.field(default=None, name="iconHTML")
    html: CardHTML = msgspec.field(default_factory=CardHTML)
    styles: dict[str, str] = {}
    dependencies: Dependencies = msgspec.field(default_factory=Dependencies)
    queries: list[StoredQuery] = []
    broken_links: list[BrokenLink] = []
    error: CardError | None = None
    ms: float = 0.0

    @property
    def documents(self) -> list[Any]:
        """Everything of it that nests as deep as a card pleases."""
        return [self.resource, self.search_doc, [query.query for query in self.queries]]

    @property
    def is_error(self) -> bool:
        return self.status == "error"


class FileExtract(msgspec.Struct, rename="camel"):
    """A file as its definition sees it."""

    url: str
    status: Literal["ready", "error"] = "ready"
    resource: dict[str, Any] | None = None
    search_doc: dict[str, Any] | None = None
    types: list[str] = []
    display_names: list[str] = []
    dependencies: Dependencies = msgspec.field(default_factory=Dependencies)
    error: CardError | None = None

    @property
    def documents(self) -> list[Any]:
        """Everything of it that nests as deep as its definition pleases."""
        return [self.resource, self.search_doc]


class CommandResult(msgspec.Struct):
    """What a command came to. `result` is JSON; a card is its resource."""

    url: str
    status: Literal["ready", "error"] = "ready"
    result: Any = None
    error: CardError | None = None

    @property
    def documents(self) -> list[Any]:
        """Everything of it that nests as deep as a command pleases."""
        return [self.result]


class VisitAnswer(msgspec.Struct):
    """What one call into a page returned; results stay undecoded until each is wanted.

    `unusable` says why the page must not be used again. `results` then stops at
    the card that spoilt it, and the cards after it are for another page.
    """

    results: list[str] = []
    """Each a `VisitResult` as JSON text, so that one bad result does not hide the others."""
    unusable: str | None = None


class ModuleDescription(msgspec.Struct):
    """What the page learned by importing a module.

    `definitions` maps a type key to the definition's JSON as the contract of
    `cards` reads it; exports that are no card definitions appear only in `exports`.
    `aliases` are exports of definitions that have another name: the module passes them on,
    or exports them twice.
    """

    url: str
    exports: list[str] = []
    definitions: dict[str, dict[str, Any]] = {}
    aliases: dict[str, str] = {}
    error: CardError | None = None
    dependencies: list[str] = []

    @property
    def documents(self) -> list[Any]:
        """Everything of it that nests as deep as a module pleases."""
        return [self.definitions]

    @property
    def exported(self) -> dict[str, dict[str, Any]]:
        """The definitions among its exports, by the names that they have here."""
        module = self.url
        own = {
            key.removeprefix(f"{module}/"): definition
            for key, definition in self.definitions.items()
            if key.rpartition("/")[0] == module
        }
        passed_on = {
            name: self.definitions[key]
            for name, key in self.aliases.items()
            if key in self.definitions
        }
        return passed_on | own


def nests_too_deep(documents: object) -> bool:
    """Whether decoded JSON has more than `MAX_LEVELS`; what lies within can be stored."""
    level = [documents]
    for _ in range(MAX_LEVELS + 1):
        members = [each for each in level if isinstance(each, list | dict)]
        if not members:
            return False
        level = [
            member
            for each in cast("list[list[object] | dict[str, object]]", members)
            for member in (each.values() if isinstance(each, dict) else each)
        ]
    return True


def failed_visit(url: str, error: CardError) -> VisitResult:
    """The result of a card that could not be rendered at all."""
    return VisitResult(url=url, id=url.removesuffix(".json"), status="error", error=error)
