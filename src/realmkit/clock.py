"""The time, asked of one object so that a test can hold it still.

Wall time is stored in rows and headers; monotonic time measures deadlines. Nobody
compares the two.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    def now_ms(self) -> int:
        """Wall time in whole milliseconds since 1970."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow, from no particular beginning."""
        ...


class SystemClock:
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()
