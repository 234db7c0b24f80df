"""One warm page: booted once, called many times, never navigated.

A page is called with a JSON argument and answers with JSON. While a call runs,
the page may say where it is through the progress binding; each word restarts
the caller's patience. A page that hung, crashed, was navigated away or threw at
window level `is_spoilt` and is not to be used again.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any

import msgspec

from realmkit.prerender.cdp import BrowserGone, CDPConnection, CommandRefused

log = logging.getLogger(__name__)

PROGRESS_BINDING = "__realmkitProgress"
KEPT_CONSOLE_ERRORS = 50
TERMINATE_TIMEOUT_S = 1.0

# Runs before any script of the page.
BEFORE_ANY_SCRIPT = "globalThis.__boxelRenderContext = true;"

# Settles when the page says that it booted, or why it did not.
_WAIT_UNTIL_BOOTED = """
new Promise((settle) => {
  const status = performance.getEntriesByType("navigation")[0]?.responseStatus ?? 200;
  if (status >= 400) return settle(`the server answered ${status}`);
  const look = () => {
    const data = document.documentElement?.dataset ?? {};
    if (data.realmkit === "ready") return settle(""), true;
    if (data.realmkit === "failed") return settle(data.realmkitError || "no reason given"), true;
    return false;
  };
  if (look()) return;
  new MutationObserver((_, observer) => look() && observer.disconnect()).observe(document, {
    attributes: true, childList: true, subtree: true,
  });
})
"""


class PageSpoilt(Exception):
    """The page did not answer a call and never will: it hung, crashed or was navigated."""


class PageBootFailed(Exception):
    """The page did not become ready; the message says why."""


class PageThrew(Exception):
    """The called function itself threw. A page does that only when it is broken."""


class _RemoteObject(msgspec.Struct):
    value: msgspec.Raw = msgspec.Raw(b"null")
    description: str = ""


class _ExceptionDetails(msgspec.Struct, rename="camel"):
    exception_id: int = 0
    text: str = ""
    exception: _RemoteObject | None = None

    def __str__(self) -> str:
        return (self.exception.description if self.exception else "") or self.text


class _Evaluation(msgspec.Struct, rename="camel"):
    result: _RemoteObject = msgspec.field(default_factory=_RemoteObject)
    exception_details: _ExceptionDetails | None = None


class Page:
    """A page of the browser, attached by its own session."""

    def __init__(self, connection: CDPConnection, target_id: str, session_id: str) -> None:
        self._connection = connection
        self._target_id = target_id
        self._session_id = session_id
        self._on_progress: Callable[[bytes], None] | None = None
        self._spoilt_because = ""
        self._is_gone = asyncio.Event()
        self._uncaught: dict[int, str] = {}
        self._console_errors: list[str] = []
        self.visits = 0
        """Cards rendered so far."""
        self.epochs: set[str] = set()
        """Manifest epochs seen so far; each may have left its modules in memory."""
        self.heap_bytes = 0
        """Script and DOM memory in use when last weighed, garbage included."""

    def __repr__(self) -> str:
        spoilt = f", spoilt: {self.spoilt_because}" if self.is_spoilt else ""
        return f"<Page {self._target_id[:6]}, {self.visits} visits{spoilt}>"

    @property
    def spoilt_because(self) -> str:
        if self._connection.closed.is_set():
            return "Chromium went away"
        return self._spoilt_because or next(iter(self._uncaught.values()), "")

    @property
    def is_spoilt(self) -> bool:
        return bool(self.spoilt_because)

    @property
    def is_gone(self) -> bool:
        """Whether it crashed or was navigated away, rather than hung."""
        return self._is_gone.is_set()

    def spoil(self, reason: str) -> None:
        """Let this page never be used again."""
        self._spoilt_because = self._spoilt_because or reason

    def take_console_errors(self) -> list[str]:
        """Console errors and uncaught exceptions since the last call of this method."""
        taken, self._console_errors = self._console_errors, []
        return taken

    async def call(
        self,
        function: str,
        argument: Any,
        *,
        patience_s: float,
        on_progress: Callable[[bytes], None] | None = None,
    ) -> bytes:
        """Await `function(argument)` in the page and return its value as JSON.

        Raises `PageSpoilt` when the page says nothing for `patience_s` or is gone,
        `PageThrew` when the function rejects, `BrowserGone` when Chromium is.
        """
        expression = f"({function})({msgspec.json.encode(argument).decode()})"
        heard_at = time.monotonic()

        def heard(payload: bytes) -> None:
            nonlocal heard_at
            heard_at = time.monotonic()
            if on_progress is not None:
                on_progress(payload)

        self._on_progress = heard
        answer = asyncio.create_task(self._evaluate(expression), name=f"evaluate in {self!r}")
        gone = asyncio.create_task(self._is_gone.wait(), name=f"watch {self!r}")
        try:
            while not answer.done() and not gone.done():
                silent_s = time.monotonic() - heard_at
                if silent_s >= patience_s:
                    await self._break_off()
                    raise PageSpoilt(self._spoilt_because)
                await asyncio.wait(
                    {answer, gone},
                    timeout=patience_s - silent_s,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            if not answer.done():
                raise PageSpoilt(self._spoilt_because)
            return answer.result()
        except CommandRefused as exc:
            # Chromium refuses an evaluation whose page was navigated or closed under it.
            self.spoil(str(exc))
            self._is_gone.set()
            raise PageSpoilt(str(exc)) from exc
        finally:
            self._on_progress = None
            for task in (answer, gone):
                task.cancel()
            await asyncio.gather(answer, gone, return_exceptions=True)

    async def weigh(self) -> None:
        """Note how much memory the page uses; it takes well under a millisecond."""
        with contextlib.suppress(BrowserGone, CommandRefused, TimeoutError):
            async with asyncio.timeout(TERMINATE_TIMEOUT_S):
                usage = await self._send("Runtime.getHeapUsage")
                counted = msgspec.json.decode(usage, type=_HeapUsage)
                self.heap_bytes = int(counted.used_size + counted.embedder_heap_used_size)

    async def answers(self, *, patience_s: float) -> bool:
        """Whether the page is awake; one that is not is spoilt."""
        try:
            await self.call("() => 0", None, patience_s=patience_s)
        except (PageSpoilt, PageThrew, BrowserGone):
            self.spoil("it did not wake up")
        return not self.is_spoilt

    async def close(self) -> None:
        """Close the page's target. A page that is stuck is closed all the same."""
        self._connection.forget(self._session_id)
        with contextlib.suppress(BrowserGone, CommandRefused, TimeoutError):
            async with asyncio.timeout(TERMINATE_TIMEOUT_S):
                await self._connection.call("Target.closeTarget", {"targetId": self._target_id})

    async def _boot(self, url: str) -> None:
        self._connection.listen(self._session_id, self._hear)
        await asyncio.gather(
            self._send("Runtime.enable"),
            self._send("Inspector.enable"),
            self._send("Page.enable"),
            self._send("Runtime.addBinding", name=PROGRESS_BINDING),
            self._send("Page.addScriptToEvaluateOnNewDocument", source=BEFORE_ANY_SCRIPT),
        )
        navigation = msgspec.json.decode(await self._send("Page.navigate", url=url))
        if reason := navigation.get("errorText"):
            raise PageBootFailed(f"{url} could not be opened: {reason}")
        booted = await self._evaluate(_WAIT_UNTIL_BOOTED)
        if reason := msgspec.json.decode(booted, type=str):
            raise PageBootFailed(f"{url} did not boot: {reason}")

    async def _evaluate(self, expression: str) -> bytes:
        answer = await self._send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        evaluation = msgspec.json.decode(answer, type=_Evaluation)
        if evaluation.exception_details is not None:
            raise PageThrew(str(evaluation.exception_details))
        return bytes(evaluation.result.value)

    async def _break_off(self) -> None:
        """Stop the script that does not end, so that the page says its last words and can close."""
        self.spoil("it did not finish")
        with contextlib.suppress(BrowserGone, CommandRefused, TimeoutError):
            async with asyncio.timeout(TERMINATE_TIMEOUT_S):
                await self._send("Runtime.terminateExecution")
                # An answer to this shows that what the page had to say has arrived.
                await self._evaluate("0")

    async def _send(self, method: str, **params: Any) -> msgspec.Raw:
        return await self._connection.call(method, params, session_id=self._session_id)

    def _hear(self, method: str, params: msgspec.Raw) -> None:
        """Note what the page tells unasked."""
        match method:
            case "Runtime.bindingCalled":
                if self._on_progress is not None:
                    payload = msgspec.json.decode(params, type=_BindingCalled).payload
                    self._on_progress(payload.encode())
            case "Runtime.exceptionThrown":
                thrown = msgspec.json.decode(params, type=_ExceptionThrown).exception_details
                self._uncaught[thrown.exception_id] = str(thrown)
                self._note(str(thrown))
            case "Runtime.exceptionRevoked":
                # A rejection that somebody handled after all.
                revoked = msgspec.json.decode(params, type=_ExceptionRevoked)
                self._uncaught.pop(revoked.exception_id, None)
            case "Runtime.consoleAPICalled":
                called = msgspec.json.decode(params, type=_ConsoleCalled)
                if called.type == "error":
                    self._note(" ".join(called.words()))
            case "Page.javascriptDialogOpening":
                # `alert` and its kin stop the page until someone answers.
                dismissal = self._send("Page.handleJavaScriptDialog", accept=False)
                self._dismissing = asyncio.create_task(_quietly(dismissal), name="dismiss dialog")
            case "Inspector.targetCrashed" | "Inspector.detached":
                self.spoil("it crashed")
                self._is_gone.set()
            case _:
                pass

    def _note(self, text: str) -> None:
        if len(self._console_errors) < KEPT_CONSOLE_ERRORS:
            self._console_errors.append(text)


async def open_page(connection: CDPConnection, url: str, *, timeout_s: float) -> Page:
    """Open a page at `url` and return it once it is ready for calls.

    Raises `PageBootFailed`, or `BrowserGone` when Chromium is.
    """
    page: Page | None = None
    try:
        async with asyncio.timeout(timeout_s):
            created = await connection.call("Target.createTarget", {"url": "about:blank"})
            target_id = msgspec.json.decode(created)["targetId"]
            attached = await connection.call(
                "Target.attachToTarget", {"targetId": target_id, "flatten": True}
            )
            page = Page(connection, target_id, msgspec.json.decode(attached)["sessionId"])
            await page._boot(url)
    except (TimeoutError, CommandRefused, PageThrew, PageBootFailed) as exc:
        said = page.take_console_errors() if page else []
        if page is not None:
            await page.close()
        reason = str(exc) or f"{url} was not ready within {timeout_s:.0f} s"
        raise PageBootFailed(". ".join([reason, *said[:3]])) from exc
    except asyncio.CancelledError:
        if page is not None:
            await asyncio.shield(page.close())
        raise
    return page


class _HeapUsage(msgspec.Struct, rename="camel"):
    used_size: float = 0
    embedder_heap_used_size: float = 0


class _BindingCalled(msgspec.Struct):
    payload: str = ""


class _ExceptionThrown(msgspec.Struct, rename="camel"):
    exception_details: _ExceptionDetails


class _ExceptionRevoked(msgspec.Struct, rename="camel"):
    exception_id: int = 0


class _ConsoleArgument(msgspec.Struct):
    value: Any = None
    description: str = ""


class _ConsoleCalled(msgspec.Struct):
    type: str = ""
    args: list[_ConsoleArgument] = []

    def words(self) -> list[str]:
        return [argument.description or str(argument.value) for argument in self.args]


async def _quietly(call: Any) -> None:
    with contextlib.suppress(BrowserGone, CommandRefused):
        await call
