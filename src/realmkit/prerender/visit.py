"""Render cards, describe modules, extract files and run commands in leased pages,
whatever card code does.

A visit is one call into a warm page for many cards. The page says which card
it is at through a binding, so a card that never finishes can be named: it
becomes an error result, its page is retired, and the rest of the batch goes on
in a fresh one. A Chromium that dies takes no card with it the first time.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from realmkit.prerender.browser import Browser
from realmkit.prerender.cdp import BrowserGone
from realmkit.prerender.failures import (
    Group,
    Heard,
    Verdict,
    after_hanging,
    after_losing,
    after_stopping,
)
from realmkit.prerender.page import Page, PageSpoilt, PageThrew
from realmkit.prerender.pool import PagePool
from realmkit.prerender.results import (
    HUNG,
    LOST,
    MAX_LEVELS,
    CardError,
    CardSource,
    CommandResult,
    FileExtract,
    FileToExtract,
    ModuleDescription,
    VisitAnswer,
    VisitResult,
    failed_visit,
    nests_too_deep,
)

R = TypeVar("R", VisitResult, ModuleDescription, FileExtract, CommandResult)
Failure = Callable[[str, CardError], R]

PRERENDER_PATH = "/_host/prerender"

# Each result becomes text of its own, free of what no database takes: lone
# surrogates and NUL.
_CALL = """async (request) => {
  const answer = await __realmkit.%s(request);
  const clean = (_, value) => {
    if (typeof value !== "string") return value;
    const whole = value.isWellFormed() ? value : value.toWellFormed();
    return whole.includes("\\0") ? whole.replaceAll("\\0", "\\uFFFD") : whole;
  };
  return {
    results: (answer.results ?? answer).map((result) => JSON.stringify(result, clean)),
    unusable: answer.unusable ?? null,
  };
}"""
VISIT = _CALL % "visit"
DESCRIBE = _CALL % "describe"
EXTRACT = _CALL % "extract"
RUN = _CALL % "run"

BACKGROUND = 0
FOR_PEOPLE = 10
"""Priorities of jobs, as the peer has them: nobody waits for the one, somebody for the other."""


_TOO_DEEP = f"What it leaves for searches nests deeper than {MAX_LEVELS} levels."


class _ProgressWord(msgspec.Struct):
    url: str = ""
    stage: str = ""


class Prerenderer:
    """The browser, its pages and the calls into them; owned by the app.

    `origin` is the server's public URL; pages boot at `<origin>/_host/prerender`.
    Nothing is launched before the first visit or description asks for it.
    """

    def __init__(
        self,
        origin: str,
        chromium: Path,
        *,
        page_limit: int = 2,
        render_timeout_s: float = 30.0,
        boot_timeout_s: float = 15.0,
    ) -> None:
        self._render_timeout_s = render_timeout_s
        self.browser = Browser(chromium)
        self.pool = PagePool(
            self.browser,
            origin.rstrip("/") + PRERENDER_PATH,
            limit=page_limit,
            boot_timeout_s=boot_timeout_s,
        )

    def __repr__(self) -> str:
        return f"<Prerenderer {self.browser!r} {self.pool!r}>"

    @property
    def page_limit(self) -> int:
        """How many calls are worth having under way at once."""
        return self.pool.limit

    async def stop(self) -> None:
        """Turn callers away, kill Chromium's process group and remove its profile."""
        await self.pool.stop()
        await self.browser.stop()

    async def visit(
        self,
        cards: Sequence[CardSource],
        *,
        epoch: str,
        job_id: str,
        priority: int = BACKGROUND,
        formats: Sequence[str] | None = None,
        on_start: Callable[[str], None] | None = None,
    ) -> list[VisitResult]:
        """Render `cards` in one leased page and return one result per card, in order.

        `on_start` hears the URL of each card as the page takes it in hand. The page says
        `job_id` and `priority` with what it asks realms.
        Raises `PrerenderUnavailable` when no page can be had; never for a card.
        """
        by_url = {card.url: card for card in cards}

        def request(urls: Sequence[str]) -> dict[str, Any]:
            asked = [by_url[url] for url in urls]
            job = {"jobId": job_id, "jobPriority": priority}
            return {"cards": asked, "epoch": epoch, "formats": formats, **job}

        results = await self._ask(
            VISIT, list(by_url), request, epoch, VisitResult, failed_visit, on_start, priority
        )
        return [results[card.url] for card in cards]

    async def describe(
        self, module_urls: Sequence[str], *, epoch: str, priority: int = FOR_PEOPLE
    ) -> list[ModuleDescription]:
        """Import `module_urls` in one leased page and return one description per URL, in order."""

        def request(urls: Sequence[str]) -> dict[str, Any]:
            return {"modules": list(urls), "epoch": epoch, "jobPriority": priority}

        results = await self._ask(
            DESCRIBE,
            list(dict.fromkeys(module_urls)),
            request,
            epoch,
            ModuleDescription,
            lambda url, error: ModuleDescription(url, error=error),
            priority=priority,
        )
        return [results[url] for url in module_urls]

    async def extract(
        self,
        files: Sequence[FileToExtract],
        *,
        epoch: str,
        job_id: str,
        priority: int = BACKGROUND,
    ) -> list[FileExtract]:
        """Have each file's definition look at it, and return one extract per file, in order."""
        by_url = {file.url: file for file in files}

        def request(urls: Sequence[str]) -> dict[str, Any]:
            job = {"jobId": job_id, "jobPriority": priority}
            return {"files": [by_url[url] for url in urls], "epoch": epoch, **job}

        results = await self._ask(
            EXTRACT,
            list(by_url),
            request,
            epoch,
            FileExtract,
            lambda url, error: FileExtract(url, status="error", error=error),
            priority=priority,
        )
        return [results[file.url] for file in files]

    async def run_command(
        self,
        url: str,
        command: Mapping[str, str],
        command_input: Any = None,
        *,
        epoch: str,
        job_id: str | None = None,
        priority: int = FOR_PEOPLE,
        timeout_s: float | None = None,
    ) -> CommandResult:
        """Run the command that the code ref `command` names, relative to `url`, in a page.

        It is an exported function, or a class with `run`; it writes nothing. After
        `timeout_s` (by default as long as a card may render) it is ended and its result is
        an error of status 504. A Chromium that dies under it has it begin again, once.
        """

        def request(urls: Sequence[str]) -> dict[str, Any]:
            return {
                "url": url,
                "command": command,
                "input": command_input,
                "epoch": epoch,
                "jobId": job_id,
                "jobPriority": priority,
            }

        results = await self._ask(
            RUN,
            [url],
            request,
            epoch,
            CommandResult,
            lambda url, error: CommandResult(
                url, "error", error=msgspec.structs.replace(error, title="Command Failed")
            ),
            priority=priority,
            patience_s=timeout_s,
            doing="running",
        )
        return results[url]

    async def _ask(
        self,
        function: str,
        urls: list[str],
        request: Callable[[Sequence[str]], dict[str, Any]],
        epoch: str,
        result_type: type[R],
        failure: "Failure[R]",
        on_start: Callable[[str], None] | None = None,
        priority: int = BACKGROUND,
        patience_s: float | None = None,
        doing: str = "rendering",
    ) -> dict[str, R]:
        """Ask until every URL has a result or is named as the one that cannot have one."""
        results: dict[str, R] = {}
        patience_s = patience_s or self._render_timeout_s
        groups = deque([Group(tuple(urls))] if urls else [])
        while groups:
            group = groups.popleft()
            heard = Heard()
            async with self.pool.lease(priority) as page:
                page.epochs.add(epoch)
                page.visits += len(group.urls)
                try:
                    answer = await self._call(
                        page, function, request(group.urls), heard, on_start, patience_s
                    )
                except PageSpoilt as exc:
                    hung = not page.is_gone
                    verdict = (after_hanging if hung else after_losing)(group, heard)
                    status = HUNG if hung else LOST
                    reason = f"The page broke while {doing}: {exc}."
                    if hung:
                        reason = f"It did not finish {doing} within {patience_s:g} s."
                except BrowserGone:
                    verdict = after_losing(group, heard)
                    status, reason = LOST, f"Chromium died twice while {doing} this."
                except PageThrew as exc:
                    page.spoil(str(exc))
                    verdict = after_losing(group, heard)
                    status, reason = 500, f"The prerender page failed: {exc}"
                else:
                    read = self._read(answer, group, page, result_type, failure)
                    results.update(read)
                    status = 500
                    verdict, reason = _after_answer(answer, group, list(read))
                    if verdict.again or verdict.culprit:
                        page.spoil(reason)
                said = page.take_console_errors()
                if not page.is_spoilt:
                    await page.weigh()
            if verdict.culprit:
                error = CardError("Card Does Not Render", reason, status, additional=said)
                results[verdict.culprit] = failure(verdict.culprit, error)
            groups.extendleft(reversed(verdict.again))
        return results

    async def _call(
        self,
        page: Page,
        function: str,
        request: dict[str, Any],
        heard: Heard,
        on_start: Callable[[str], None] | None,
        patience_s: float,
    ) -> VisitAnswer:
        def on_progress(payload: bytes) -> None:
            word = msgspec.json.decode(payload, type=_ProgressWord)
            if word.stage == "start":
                heard.started.append(word.url)
                if on_start is not None:
                    on_start(word.url)
            elif word.stage == "done":
                heard.done.add(word.url)

        answer = await page.call(function, request, patience_s=patience_s, on_progress=on_progress)
        return msgspec.json.decode(answer, type=VisitAnswer)

    def _read(
        self,
        answer: VisitAnswer,
        group: Group,
        page: Page,
        result_type: type[R],
        failure: "Failure[R]",
    ) -> dict[str, R]:
        """Decode the results, each by itself: one unreadable result is that card's error."""
        if answer.unusable:
            page.spoil(answer.unusable)
        read: dict[str, R] = {}
        for url, text in zip(group.urls, answer.results, strict=False):
            try:
                result = msgspec.json.decode(text, type=result_type)
                reason = _TOO_DEEP if nests_too_deep(result.documents) else None
            except RecursionError:
                result, reason = None, _TOO_DEEP
            except msgspec.DecodeError as exc:
                result, reason = None, f"Its result cannot be read: {exc}."
            if result is None or reason is not None:
                result = failure(url, CardError("Card Does Not Render", reason or ""))
            read[url] = result
        return read


def _after_answer(answer: VisitAnswer, group: Group, read: Sequence[str]) -> tuple[Verdict, str]:
    if len(read) == len(group.urls):
        return Verdict(None), ""
    reason = answer.unusable or f"it answered for {len(read)} of {len(group.urls)}"
    return after_stopping(group, read), f"The prerender page gave up: {reason}."
