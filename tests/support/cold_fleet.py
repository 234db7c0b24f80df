"""Servers over one PostgreSQL that are asked for the same cold modules at once.

A round gives every module another text behind the servers' backs, so that all of them are
cold everywhere, and asks every server for every module. When somebody is left waiting, the
round's error tells who waits for what, as the servers and the database see it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from tests.support.fleet import Process, fetch
from tests.support.postgres import PostgresServer

MODULES = [f"m{number}" for number in range(150)]
# Longer than anything here may take, and far shorter than waiting on a lost notice would.
ROUND_WITHIN_S = 60
# Hundreds who ask again at once must not keep the machine from starting who shall answer.
ASK_AGAIN_AFTER_S = 0.25

_HELD = """
select application_name, count(*) from pg_locks join pg_stat_activity using (pid)
where locktype = 'advisory' and granted and pid <> pg_backend_pid() group by application_name
"""
_ACTIVITY = r"""
select pid, application_name, state, wait_event_type, wait_event, now() - state_change as since,
  pg_blocking_pids(pid) as blocked_by, regexp_replace(left(query, 120), '\s+', ' ', 'g') as query
from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()
order by application_name
"""


@dataclass
class ColdFleet:
    """`root` is the folder that all of them serve as the realm `people`."""

    root: Path
    postgres: PostgresServer
    servers: list[Process]
    waited_for: dict[int, set[str]] = field(default_factory=dict[int, set[str]])
    """The answers of the round that have not come, by the server's port."""
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    def write(self, text: str) -> None:
        """Give every module another text; every fifth imports the one before it."""
        for number, name in enumerate(MODULES):
            imported = f"import './{MODULES[number - 1]}';\n" if number % 5 == 4 else ""
            (self.root / f"{name}.ts").write_text(
                f"{imported}export const text: string = '{text} {name}';\n"
            )

    # A round.

    async def ask_all(self, text: str) -> None:
        """Ask every server for every module at once; each answer has the current text."""
        self.waited_for = {server.port: set(MODULES) for server in self.servers}
        try:
            async with asyncio.timeout(ROUND_WITHIN_S):
                await asyncio.gather(
                    *(self._ask(server, name, text) for name in MODULES for server in self.servers)
                )
        except TimeoutError:
            raise AssertionError(await asyncio.to_thread(self._report, text)) from None

    async def _ask(self, server: Process, name: str, text: str) -> None:
        while True:
            try:
                status, body = await fetch(server.port, f"/people/{name}")
            except (ConnectionError, EOFError):
                # It was killed: another connection finds its successor.
                await asyncio.sleep(ASK_AGAIN_AFTER_S)
                continue
            if status != 503:
                break
            await asyncio.sleep(ASK_AGAIN_AFTER_S)
        assert status == 200, body
        assert f"'{text} {name}'".encode() in body
        async with self.heard:
            self.waited_for[server.port].discard(name)
            self.heard.notify_all()

    @property
    def answered(self) -> int:
        asked = len(MODULES) * len(self.servers)
        return asked - sum(map(len, self.waited_for.values())) if self.waited_for else 0

    async def until_answered(self, count: int) -> None:
        """Wait until so many answers of the round have come."""
        async with self.heard:
            await self.heard.wait_for(lambda: self.answered >= count)

    @property
    def is_all_answered(self) -> bool:
        return not any(self.waited_for.values())

    # Who leads.

    async def held(self) -> dict[Process, int]:
        """How many locks each server holds now, of those that hold any."""
        rows = await asyncio.to_thread(self.postgres.run, _HELD)
        names = {str(name): int(str(count)) for name, count in rows}
        found = {server: names.get(notifier_of(server), 0) for server in self.servers}
        return {server: count for server, count in found.items() if count}

    async def stopped_leader(self) -> Process | None:
        """A server that certainly leads, stopped so that it goes on leading; None if all
        is answered before there is one."""
        while not self.is_all_answered:
            held = await self.held()
            for server in sorted(held, key=lambda each: -held[each]):
                server.pause()
                # It may have let go of one lock in the moment it was stopped; not of two.
                if (await self.held()).get(server, 0) > 1:
                    return server
                server.resume()
        return None

    async def until_somebody_leads(self) -> int:
        """How many locks are held by now; 0 if all is answered before there is one."""
        while not self.is_all_answered:
            if held := await self.held():
                return sum(held.values())
        return 0

    # Counters.

    async def transpiles(self, servers: Sequence[Process] | None = None) -> int:
        return await self.total("realmkit_transpiles_total", servers)

    async def coalesced(self, role: str) -> int:
        return await self.total(f'realmkit_coalesced_total{{role="{role}"}}')

    async def total(self, counter: str, servers: Sequence[Process] | None = None) -> int:
        return sum([await each.counter(counter) for each in servers or self.servers])

    # When somebody waits.

    def _report(self, text: str) -> str:
        """Who waits for what: at the servers, in the database, and what the servers logged."""
        lines = [f"`{text}` was not all answered within {ROUND_WITHIN_S} s."]
        for server in self.servers:
            missing = sorted(self.waited_for[server.port])
            lines.append(
                f"{notifier_of(server)}, port {server.port}, exit {server.process.returncode}:"
                f" {len(MODULES) - len(missing)} answered, waited for: {' '.join(missing[:10])}"
            )
        try:
            lines += [" | ".join(map(str, row)) for row in self.postgres.run(_ACTIVITY)]
            lines.append(f"locks held: {self.postgres.run(_HELD)}")
        except psycopg.Error as exc:
            lines.append(f"The database cannot be asked: {exc}")
        return "\n".join([*lines, self.last_words()])

    def last_words(self) -> str:
        """The last that each server logged."""
        return "\n".join(
            f"The last that port {server.port} logged:\n{server.last_words()}"
            for server in self.servers
        )


def notifier_of(server: Process) -> str:
    """The name under which the database knows the connection with its locks."""
    return f"realmkit {server.process.pid} locks"
