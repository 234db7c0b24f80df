"""One Chromium process: started with a throw-away profile, ended with its whole group.

Chromium is spoken to over two pipes that it finds as descriptors 3 and 4, so no
port is opened. It quits by itself when they close, should we be killed.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

from realmkit.prerender.cdp import CDPConnection

# At the end of the `User-Agent` of all that this Chromium sends, frames, workers and beacons
# included: no script can take it away, so the server can tell what rendering sends.
RENDERING_AGENT = "realmkit-rendering"

FLAGS = [
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    # Pages are never in front; Chromium must not slow the ones behind.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--mute-audio",
    "--window-size=1280,800",
    # A flag has no words for "as ever, and": this is a Chromium's own.
    "--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    f" HeadlessChrome/150.0.0.0 Safari/537.36 {RENDERING_AGENT}",
]

_LOWEST_OWN_FD = 10
_STDERR = "stderr.log"
_PROFILE = "realmkit-chromium-"


@dataclass(frozen=True)
class ChromiumProcess:
    """A running Chromium; `pid` leads its own process group."""

    pid: int
    profile: Path
    connection: CDPConnection
    exited: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_alive(self) -> bool:
        return not self.connection.closed.is_set()

    def last_words(self) -> str:
        """The last line that Chromium wrote to its error output, for a failed launch."""
        with contextlib.suppress(OSError):
            lines = (self.profile / _STDERR).read_text(errors="replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), "")
        return ""

    def watch(self) -> None:
        """Close the connection as soon as the process exits.

        The end of the pipe alone does not tell: Chromium's children inherit it and
        may outlive a Chromium that was killed.
        """
        loop = asyncio.get_running_loop()

        def wait() -> None:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
            # The loop may have been closed by a process that is on its way out.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._note_exit)

        threading.Thread(target=wait, name=f"chromium {self.pid}", daemon=True).start()

    async def end(self) -> None:
        """Kill the group, reap it and remove the profile. Safe when it is already dead."""
        self.connection.close()
        self._kill_group()
        await self.exited.wait()
        await asyncio.to_thread(self._remove_profile)

    def _note_exit(self) -> None:
        self.exited.set()
        self.connection.close()
        self._kill_group()

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _remove_profile(self) -> None:
        # Chromium's children may still be writing while they die.
        for _ in range(3):
            shutil.rmtree(self.profile, ignore_errors=True)
            if not self.profile.exists():
                return


async def start_chromium(executable: Path, *, is_sandboxed: bool) -> ChromiumProcess:
    """Start `executable` and open its pipes. Raises OSError when it cannot be executed."""
    profile = await asyncio.to_thread(_new_profile)
    command_read, command_write = _high_pipe()
    answer_read, answer_write = _high_pipe()
    try:
        arguments = [executable.name, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        if not is_sandboxed:
            arguments.insert(1, "--no-sandbox")
        pid = await asyncio.to_thread(
            _spawn, executable, arguments, profile, command_read, answer_write
        )
    except OSError:
        os.close(command_write)
        os.close(answer_read)
        shutil.rmtree(profile, ignore_errors=True)
        raise
    finally:
        os.close(command_read)
        os.close(answer_write)
    connection = await CDPConnection.open(answer_read, command_write)
    process = ChromiumProcess(pid, profile, connection)
    process.watch()
    return process


def _new_profile() -> Path:
    """A fresh profile, named after this process; those of processes that were killed go."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PROFILE}*"):
        owner = left.name.removeprefix(_PROFILE).partition("-")[0]
        if owner.isdigit() and not _is_running(int(owner)):
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PROFILE}{os.getpid()}-"))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _spawn(
    executable: Path, arguments: list[str], profile: Path, command_read: int, answer_write: int
) -> int:
    return os.posix_spawn(
        str(executable),
        arguments,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_DUP2, command_read, 3),
            (os.POSIX_SPAWN_DUP2, answer_write, 4),
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, str(profile / _STDERR), os.O_WRONLY | os.O_CREAT, 0o600),
        ],
        setpgroup=0,
    )


def _high_pipe() -> tuple[int, int]:
    """A pipe whose descriptors are far from 3 and 4, so that neither is in the way of the other."""
    low = os.pipe()
    high = tuple(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _LOWEST_OWN_FD) for fd in low)
    for fd in low:
        os.close(fd)
    return high[0], high[1]
