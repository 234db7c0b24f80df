"""Work that is seen through to its end.

A client may hang up at any moment, and its request's task is then cancelled. What
has begun to change rows or files must not stop halfway for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def completed(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` to its end. A cancelled caller hears of it only afterwards."""
    task = asyncio.ensure_future(work)
    is_cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            is_cancelled = True
        except Exception:
            break
    if is_cancelled:
        raise asyncio.CancelledError
    return task.result()
