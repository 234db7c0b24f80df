"""A pool of Node workers that turn one source file at a time into a module.

Workers start on first use and live until `stop`. Requests and answers travel as
length-prefixed JSON frames over stdin and stdout. A worker that dies is replaced and
its request tried once more; one that exceeds the deadline or its memory is killed, and
the author is told which file it was. Requests wait for a worker, as long as what waits
fits into memory.
"""

import asyncio
import logging
import signal
from asyncio.subprocess import PIPE, Process
from collections import Counter, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from realmkit.config import Pipeline, SetupError, find_node
from realmkit.errors import TryLater
from realmkit.modules.compiled import Compiled, Failure, decode

logger = logging.getLogger(__name__)

_STOP_WITHIN_S = 1.0
# So often a source may kill the workers it is given to, and so many such are remembered.
_ATTEMPTS = 3
_SUSPECTS = 1_000
_HEAP_IS_FULL = "JavaScript heap out of memory"
_LONGEST_LINE = 64 * 1024
_TOO_DEEP = "The source is nested too deeply to be parsed"


class _Answer(msgspec.Struct, rename="camel"):
    id: int = 0
    hello: bool = False
    version: str = ""
    error: Failure | None = None
    fallback: str | None = None
    is_last: bool = False


_answers = msgspec.json.Decoder(_Answer)


class _TooLong(Exception):
    """It was not done by its deadline, and will not be the next time."""


class _WorkerDied(Exception):
    """The process ended, or broke off, before it answered. The message is its last words.

    `is_its_own_doing` is false for a process that was ended from outside, or never began.
    """

    def __init__(self, words: str, *, is_its_own_doing: bool = True) -> None:
        super().__init__(words)
        self.is_its_own_doing = is_its_own_doing


class _OutOfMemory(_WorkerDied):
    """It needed more than its ceiling, and will again."""


class _StackOverflow(_WorkerDied):
    """A native parser ran out of stack, which is how deep nesting ends that nobody caught."""


@dataclass
class PoolStats:
    """What the pool has done since it was made.

    `fallbacks` counts modules that the reference pipeline compiled for the fast one.
    """

    transpiles: int = 0
    fallbacks: int = 0
    workers_started: int = 0
    workers_lost: int = 0


class TranspilerPool:
    """At most `size` workers running `program` (`transpiler.mjs`) under `node`.

    `pipeline` is `fast`, or `babel` for the reference alone. `node` is looked for when the
    first worker starts. `deadline_s` bounds one module, `memory_mb` the heap of one worker,
    `backlog_bytes` the sources that wait for one.
    """

    def __init__(
        self,
        program: Path,
        *,
        node: Path | None = None,
        size: int = 2,
        pipeline: Pipeline = "fast",
        deadline_s: float = 30.0,
        memory_mb: int = 1024,
        backlog_bytes: int = 256 * 1024 * 1024,
    ) -> None:
        self.stats = PoolStats()
        self._program = program
        self._node = node
        self._pipeline = pipeline
        self._deadline_s = deadline_s
        self._memory_mb = memory_mb
        self._backlog_bytes = backlog_bytes
        self._waiting_bytes = 0
        self._turns = asyncio.Semaphore(size)
        self._idle: list[_Worker] = []
        self._workers: set[_Worker] = set()
        # Of workers that were killed, until their processes have ended.
        self._ending: set[asyncio.Task[None]] = set()
        self._killed: Counter[tuple[str, int]] = Counter()
        self._is_stopped = False

    def __repr__(self) -> str:
        busy = len(self._workers) - len(self._idle)
        return f"<TranspilerPool: {busy} busy, {len(self._idle)} idle>"

    @cached_property
    def version(self) -> str:
        """The transpiler's version, known without starting one. Raises `SetupError`."""
        try:
            built = msgspec.json.decode((self._program.parent / "version.json").read_bytes())
        except OSError as exc:
            raise SetupError("The transpiler is not built: run `make setup`.") from exc
        version: str = built["version"]
        return version if self._pipeline == "fast" else f"{version}-{self._pipeline}"

    async def transpile(self, path: str, source: str) -> Compiled:
        """Compile the source at the realm-relative `path`; an author's error is in the result.

        It is one to take too long or too much memory, and to kill the workers at every
        attempt of `_ATTEMPTS`: it would again, and others are to be spared. Raises `TryLater`
        when two workers died of it before that, which says nothing about the next attempt,
        and when so much waits already that this source would not fit.
        """
        async with self._turn(len(source)):
            self.stats.transpiles += 1
            try:
                try:
                    return await self._attempt(path, source)
                except _OutOfMemory:
                    raise
                except _WorkerDied:
                    return await self._attempt(path, source)
            except _StackOverflow:
                return Compiled(error=Failure(_TOO_DEEP))
            except _OutOfMemory:
                return Compiled(
                    error=Failure(f"It takes more than {self._memory_mb} MB of memory.")
                )
            except _TooLong:
                return Compiled(
                    error=Failure(f"It takes longer than {self._deadline_s:g} seconds.")
                )
            except _WorkerDied as exc:
                if exc.is_its_own_doing and self._has_killed_enough(path, source):
                    return Compiled(error=Failure(f"The transpiler stops working on it: {exc}"))
                raise TryLater(f"The transpiler stopped while it compiled `{path}`: {exc}") from exc

    def _has_killed_enough(self, path: str, source: str) -> bool:
        key = (path, hash(source))
        self._killed[key] += 1
        if len(self._killed) > _SUSPECTS:
            del self._killed[next(iter(self._killed))]
        return self._killed[key] >= _ATTEMPTS

    async def stop(self) -> None:
        """End every worker, within about a second. Nothing is transpiled afterwards."""
        self._is_stopped = True
        workers = list(self._workers)
        self._workers.clear()
        self._idle.clear()
        await asyncio.gather(*(worker.stop() for worker in workers), *self._ending)

    @asynccontextmanager
    async def _turn(self, size: int) -> AsyncGenerator[None]:
        if self._waiting_bytes and self._waiting_bytes + size > self._backlog_bytes:
            raise TryLater("Too many modules wait for the transpiler; ask again.")
        self._waiting_bytes += size
        try:
            await self._turns.acquire()
        finally:
            self._waiting_bytes -= size
        try:
            yield
        finally:
            self._turns.release()

    async def _attempt(self, path: str, source: str) -> Compiled:
        worker = self._idle.pop() if self._idle else await self._start()
        try:
            async with asyncio.timeout(self._deadline_s):
                compiled, answer = await worker.transpile(path, source)
        except TimeoutError:
            self._lose(worker)
            raise _TooLong from None
        except BaseException:
            # It may still be at work on what nobody waits for any more.
            self._lose(worker)
            raise
        if answer.is_last:
            self._lose(worker)
        else:
            self._idle.append(worker)
        if answer.fallback:
            self.stats.fallbacks += 1
            logger.info("The reference pipeline compiled %s: %s", path, answer.fallback)
        return compiled

    async def _start(self) -> "_Worker":
        if self._is_stopped:
            raise TryLater("The server is stopping; ask again.")
        if self._node is None:
            self._node = await asyncio.to_thread(find_node)
        process = await asyncio.create_subprocess_exec(
            self._node,
            f"--max-old-space-size={self._memory_mb}",
            self._program,
            f"--pipeline={self._pipeline}",
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
        )
        worker = _Worker(process)
        self._workers.add(worker)
        self.stats.workers_started += 1
        try:
            async with asyncio.timeout(self._deadline_s):
                version = await worker.hello()
        except TimeoutError:
            self._lose(worker)
            raise TryLater(f"No transpiler started within {self._deadline_s:g} seconds.") from None
        except BaseException:
            self._lose(worker)
            raise
        if version != self.version:
            self._lose(worker)
            raise TryLater("The transpiler was rebuilt under a running server: restart it.")
        return worker

    def _lose(self, worker: "_Worker") -> None:
        self.stats.workers_lost += 1
        self._workers.discard(worker)
        worker.kill()
        ending = asyncio.create_task(worker.stop(), name="transpiler worker ends")
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)


class _Worker:
    """One Node process; serves one request at a time."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._asked = 0
        self._last_words: deque[str] = deque(maxlen=5)
        self._is_out_of_memory = False
        # Node blocks once nobody empties the pipe.
        self._listening = asyncio.create_task(self._listen(), name="transpiler stderr")

    async def hello(self) -> str:
        return _answers.decode(await self._receive()).version

    async def transpile(self, path: str, source: str) -> tuple[Compiled, _Answer]:
        self._asked += 1
        await self._send({"id": self._asked, "path": path, "source": source})
        body = await self._receive()
        answer = _answers.decode(body)
        if answer.id != self._asked:
            raise _WorkerDied(f"it answered request {answer.id} instead of {self._asked}")
        compiled = Compiled(error=answer.error) if answer.error else decode(body)
        return compiled, answer

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()

    async def stop(self) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        stdin.close()
        try:
            async with asyncio.timeout(_STOP_WITHIN_S):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()
        await self._listening

    async def _send(self, message: dict[str, object]) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        body = msgspec.json.encode(message)
        # uvloop takes nothing more then, not even to lose it.
        if stdin.is_closing():
            raise await self._death()
        try:
            stdin.write(len(body).to_bytes(4, "big") + body)
            await stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as exc:
            raise await self._death() from exc

    async def _receive(self) -> bytes:
        stdout = self._process.stdout
        assert stdout is not None
        try:
            length = int.from_bytes(await stdout.readexactly(4), "big")
            return await stdout.readexactly(length)
        except asyncio.IncompleteReadError as exc:
            raise await self._death() from exc

    async def _death(self) -> _WorkerDied:
        await self._process.wait()
        await self._listening
        if self._is_out_of_memory:
            return _OutOfMemory(_HEAP_IS_FULL)
        if self._process.returncode == -signal.SIGSEGV:
            return _StackOverflow(_TOO_DEEP)
        words = next((line for line in self._last_words if "Error" in line), None)
        code = self._process.returncode
        was_ended = self._asked == 0 or code in (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT)
        return _WorkerDied(words or f"exit code {code}", is_its_own_doing=not was_ended)

    async def _listen(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None
        begun = b""
        # Of a line of any length, so that the pipe is emptied whatever comes through it.
        while chunk := await stderr.read(_LONGEST_LINE):
            *lines, begun = (begun + chunk).split(b"\n")
            if len(begun) > _LONGEST_LINE:
                lines, begun = [*lines, begun], b""
            for line in lines:
                self._note(line)
        self._note(begun)

    def _note(self, line: bytes) -> None:
        text = line.decode(errors="replace").rstrip()
        if text:
            self._last_words.append(text)
            self._is_out_of_memory = self._is_out_of_memory or _HEAP_IS_FULL in text
            logger.debug("The transpiler says: %s", text)
