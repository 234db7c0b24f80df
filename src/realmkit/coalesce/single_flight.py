"""Run work once per key, however many callers ask for it at the same moment.

The first caller is the leader and starts the work. Callers who arrive while it
runs are followers and await the same task. Nothing is remembered afterwards:
keeping results is a cache's business. After the design of groupcache's singleflight.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from realmkit.errors import TryLater

V = TypeVar("V")


@dataclass
class FlightStats:
    """`led` counts flights that were started, `joined` the callers who found one in the air."""

    led: int = 0
    joined: int = 0


class SingleFlight(Generic[V]):
    def __init__(self, name: str = "flight") -> None:
        self.stats = FlightStats()
        self._name = name
        self._by_key: dict[Hashable, asyncio.Task[V]] = {}
        # Flights that were forgotten still have passengers, and are still ours to stop.
        self._in_the_air: set[asyncio.Task[V]] = set()

    def __repr__(self) -> str:
        return f"<SingleFlight {self._name}: {len(self._in_the_air)} in the air>"

    async def run(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """Return what `work` returns, or raise what it raises, for every caller of the flight."""
        flight = self._by_key.get(key)
        if flight is None:
            flight = self._start(key, work)
        else:
            self.stats.joined += 1
        return await self._ride(flight)

    def forget(self, key: Hashable) -> None:
        """Let the next caller start anew. Those already waiting keep the flight they joined."""
        self._by_key.pop(key, None)

    async def stop(self) -> None:
        """Cancel every flight and wait for them to end; their callers get `TryLater`."""
        flights = list(self._in_the_air)
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _start(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, V]]) -> asyncio.Task[V]:
        self.stats.led += 1
        flight = asyncio.create_task(work(), name=f"{self._name} {key}")
        self._by_key[key] = flight
        self._in_the_air.add(flight)
        flight.add_done_callback(lambda landed: self._land(key, landed))
        return flight

    def _land(self, key: Hashable, flight: asyncio.Task[V]) -> None:
        self._in_the_air.discard(flight)
        # A: flight 1 starts; forget; flight 2 starts; flight 1 lands. Flight 2 must stay.
        if self._by_key.get(key) is flight:
            del self._by_key[key]
        # An error whose callers have all left is nobody's news.
        if not flight.cancelled():
            flight.exception()

    async def _ride(self, flight: Awaitable[V]) -> V:
        try:
            # One caller giving up must not cancel the work that the others await.
            return await asyncio.shield(flight)
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if caller is not None and caller.cancelling():
                raise
            raise TryLater("The server is stopping; ask again.") from None
