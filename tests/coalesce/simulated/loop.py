"""An event loop that is stepped by hand: one process's, and it can be killed.

It knows one socket and no clock. What is ready runs in the order it became ready, as in
any loop; when something outside completes, and when a timer rings, the world decides.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import Any

# As often as what is closed may go on to wait for something else.
_MOST_CLOSES = 10


class Timer:
    """What `call_at` returns."""

    __slots__ = ("args", "callback", "is_cancelled", "when")

    def __init__(self, when: float, callback: Callable[..., object], args: tuple[Any, ...]) -> None:
        self.when = when
        self.callback = callback
        self.args = args
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class StepLoop(asyncio.AbstractEventLoop):
    """`tasks` keeps everything alive to the end: what was killed must not be tidied up.
    Whoever steps loops says at the end that none runs."""

    def __init__(self) -> None:
        self.ready: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self.timers: list[Timer] = []
        self.tasks: list[asyncio.Task[Any]] = []
        self.now = 0.0
        self._reader: tuple[Callable[..., object], tuple[Any, ...]] | None = None

    def run_to_rest(self) -> None:
        """Run what is ready, and what that makes ready, until nothing is."""
        ready = self.ready
        asyncio.events._set_running_loop(self)
        while ready:
            callback, args = ready.popleft()
            callback(*args)

    def abandon(self) -> None:
        """Close what is still under way, whatever it does about it. Collected some time later
        it would do that in the loop which runs by then."""
        asyncio.events._set_running_loop(self)
        # What is closed may begin something.
        for task in self.tasks:
            work = task.get_coro()
            for _ in range(_MOST_CLOSES):
                try:
                    if isinstance(work, Coroutine) and not task.done():
                        work.close()
                    break
                except Exception:
                    continue
        self.ready.clear()

    def socket_is_readable(self) -> None:
        """Something came on the one socket there is, or it is closed."""
        if self._reader is not None:
            self.ready.append(self._reader)

    # What asyncio asks of a loop.

    def add_reader(self, fd: Any, callback: Callable[..., object], *args: Any) -> None:
        self._reader = (callback, args)

    def remove_reader(self, fd: Any) -> bool:
        self._reader = None
        return True

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> Any:
        self.ready.append((callback, args))

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:
        timer = Timer(when, callback, args)
        self.timers.append(timer)
        return timer

    def call_later(self, delay: float, callback: Any, *args: Any, context: Any = None) -> Any:
        return self.call_at(self.now + delay, callback, *args)

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self,
        coro: Generator[Any, None, Any] | Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        context: Any = None,
    ) -> Any:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self)
        self.tasks.append(task)
        return task

    def time(self) -> float:
        return self.now

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: Any) -> None:
        """Whoever wants to know of an error looks at its task."""
