"""Every guard of the protocol, and how it looks when somebody has taken it out.

One entry of `GUARDS` is one guard. `PAIRS` are guards of which each covers for the other:
either may go unnoticed, both may not.
"""

from dataclasses import dataclass

from tests.coalesce.simulated.kit import Edit

LAYERED = "realmkit.coalesce.layered"
GENERATIONS = "realmkit.coalesce.generations"
COORDINATOR = "realmkit.coalesce.coordinator"
TABLE = "realmkit.coalesce.generation_table"
FLIGHTS = "realmkit.coalesce.single_flight"
SWEEPING = "realmkit.coalesce.sweeping"
HINTS = "realmkit.db.hints"
NOTIFIER = "realmkit.db.postgres_notifier"

_READING = "        source = await read()\n        if found := self._find("
_CAPTURE = "        captured = self.generations.capture(captured.realm_url, captured.key)\n"
_ROW = "        row = await self.table.read(captured.realm_url, captured.key)\n"

GUARDS: dict[str, list[Edit]] = {
    # Generations.
    "the generation is captured before the first await": [
        # What was captured before is as good as not captured.
        Edit(LAYERED, _READING, _READING.replace("        if", f"{_CAPTURE}        if")),
    ],
    "generations are compared before a result is kept in memory": [
        Edit(
            LAYERED,
            "if not self.generations.still_current(captured, found.source_hash):",
            "if False:",
        ),
    ],
    "generations are compared before the table is offered a result": [
        Edit(
            LAYERED,
            "if row is not None and self.generations.still_current(captured, source.hash):",
            "if row is not None:",
        ),
    ],
    "the row's generation is read before the source": [
        Edit(
            LAYERED,
            f"{_ROW}        source = await read()\n",
            f"        source = await read()\n{_ROW}",
        ),
    ],
    "the table takes a row only while its generation is no higher than the captured one": [
        Edit(
            "write",
            "and (module_transpile_cache.generation <= excluded.generation",
            "and (true",
        ),
    ],
    "a payload counts only under the floor that its writer captured": [
        Edit("read", "kept.realm_generation >= coalesce(floor.generation, 0)", "true"),
    ],
    "a late notice lets in only what is of the new source": [
        Edit("write", "      and module_transpile_cache.source_hash = excluded.source_hash\n", ""),
    ],
    "a late notice lets nothing into the table that was begun before a real invalidation": [
        Edit("write", "      and module_transpile_cache.spares_from <= excluded.generation", ""),
    ],
    "nor into memory": [
        Edit(GENERATIONS, "            and captured.of_key >= known.spares_from\n", ""),
    ],
    "an invalidation drops what memory has": [
        Edit(LAYERED, "        self._memory.drop(realm_url, path)\n", ""),
    ],
    # Tombstones.
    "the tombstone is written in the change's transaction": [
        Edit(LAYERED, "await self.table.tombstone(tx, realm_url, hashes)", "pass"),
    ],
    "a tombstone raises the generation": [
        Edit(
            "tombstone",
            ",\n  generation = module_transpile_cache.generation + 1",
            "",
        ),
    ],
    "a tombstone spares only what was made of the new source": [
        Edit(
            "tombstone",
            "body = case when module_transpile_cache.source_hash = excluded.source_hash",
            "body = case when module_transpile_cache.source_hash <> excluded.source_hash",
        ),
    ],
    "a bulk wipe moves the floor, for paths that have no row": [
        Edit(TABLE, "await self.tombstone(tx, realm_url, {_FLOOR: None})", "pass"),
    ],
    "a process whose tombstone was refused forgets the realm": [
        Edit(
            LAYERED,
            "        except RealmkitError:\n"
            "            tx.on_commit(lambda: self.invalidate_realm(realm_url))\n",
            "        except RealmkitError:\n            pass\n",
        ),
    ],
    "tombstones stay for as long as a result may take to be made": [
        Edit(SWEEPING, "now_ms - KEEP_TOMBSTONES_MS", "now_ms"),
    ],
    # Of which source, and of which version of the maker.
    "memory's entry is compared with the source's hash": [
        Edit(LAYERED, "known.source_hash == source_hash and known", "known"),
    ],
    "memory's entry is compared with the maker's version": [
        Edit(LAYERED, " and known.maker_version == maker_version", ""),
    ],
    "the table's row is compared with the source's hash": [
        Edit(TABLE, "            and self.source_hash == source_hash\n", ""),
    ],
    "the table's row is compared with the maker's version": [
        Edit(TABLE, "            and self.maker_version == maker_version\n", ""),
    ],
    "a flight is of one generation": [
        Edit(LAYERED, "self.generations.for_any_source(captured), source.hash,", "source.hash,"),
    ],
    "a flight is of one source": [
        Edit(LAYERED, "for_any_source(captured), source.hash, m", "for_any_source(captured), m"),
    ],
    "a flight is of one version of the maker": [
        Edit(LAYERED, "captured), source.hash, maker_version\n", "captured), source.hash\n"),
    ],
    # Leaders and followers.
    "one caller who leaves does not stop the flight": [
        Edit(FLIGHTS, "return await asyncio.shield(flight)", "return await flight"),
    ],
    "a follower registers before it tries the lock": [
        Edit(
            HINTS,
            "        with self.hinting(key) as hint:\n"
            "            while (answer := await look()) is None:\n",
            "        with self.hinting('', asyncio.Event()) as hint:\n"
            "            while (answer := await look()) is None:\n"
            "                self._waiting[key].add(hint)\n",
        ),
    ],
    "who waits for a leader looks again after a while": [
        Edit(COORDINATOR, ", again_after_s=self._look_again_s", ""),
    ],
    "a leader that fails says so": [
        Edit(
            COORDINATOR,
            'release(lead.held, "module_cache_populated")',
            "release(lead.held,"
            ' "realm_lock_released" if __import__("sys").exc_info()[0] else "module_cache_populated")',
        ),
    ],
    "whoever gets the lock looks before it makes": [
        Edit(
            COORDINATOR,
            "            # The leader before this one may have left it since we looked.\n"
            "            if (found := await find()) is not None:\n",
            "            if (found := None) is not None:\n",
        ),
    ],
    "everybody looks again when the connection was lost": [
        Edit(COORDINATOR, "        notifier.after_gap(self._hints.notify_all)\n", ""),
    ],
    "the lock is kept until the last flight that rests on it has landed": [
        Edit(
            COORDINATOR,
            "        if lead.flights:\n            return\n        del self._leading[key]\n",
            "        self._leading.pop(key, None)\n",
        ),
    ],
    # The connection that listens and locks.
    "a session does not ask for a lock that it has": [
        Edit(NOTIFIER, "        if key in self._held:\n            return None\n", ""),
    ],
    "a lock that came when its taker had left is given back": [
        Edit(NOTIFIER, "await completed(self._give_back(held))", "pass"),
    ],
    "a lock is asked for to the end, though its taker leaves": [
        Edit(NOTIFIER, "await completed(self._take(held))", "await self._take(held)"),
    ],
    "a lock is let go to the end, though its holder leaves": [
        Edit(
            NOTIFIER,
            "await completed(self._release(held, channel))",
            "await self._release(held, channel)",
        ),
    ],
    "a lock that is given back is told on every channel": [
        Edit(
            NOTIFIER,
            "        for channel in LOCK_CHANNELS:\n            await self._release(held, channel)",
            '        await self._release(held, "realm_lock_released")',
        ),
    ],
    "a lock that was granted as the connection went is told of": [
        Edit(
            NOTIFIER, "            self._owe(held.key)\n            raise\n", "            raise\n"
        ),
    ],
    "what could not be said is said when the connection is back": [
        Edit(NOTIFIER, "            self._unsaid.add(said)\n\n", "            pass\n\n"),
    ],
    "what is owed is said": [
        Edit(NOTIFIER, "        await self._say_the_unsaid()\n", ""),
    ],
    "what came with an answer is heard": [
        Edit(
            NOTIFIER,
            "connection)\n        self._hear_all(connection)\n",
            "connection)\n",
        ),
    ],
}


# Some are missed only after things that seldom happen; for those they happen often.
OFTEN: dict[str, tuple[str, ...]] = {
    "what could not be said is said when the connection is back": ("cut",),
    "a flight is of one generation": ("touch",),
    "a payload counts only under the floor that its writer captured": ("wipe",),
    "locks that were lost are told of by the connection, and by who lets go of them": ("cut",),
    "a lock that is given back is told on every channel": ("stop",),
    "a lock is let go to the end, though its holder leaves": ("stop",),
    "what is owed is said": ("cut",),
}


@dataclass(frozen=True)
class Cover:
    """Guards of which each does for the others here, and why there are several."""

    guards: list[Edit]
    because: str


COVERS: dict[str, Cover] = {
    "who was refused while the lock was asked for or let go here is told by both": Cover(
        [
            Edit(NOTIFIER, "                    self._hear(*said)\n", ""),
            Edit(COORDINATOR, "            self._hints.notify(str(key))\n", "            pass\n"),
        ],
        "a lock with a name has no coordinator, and a flight may end without having had a lock",
    ),
    "whoever wakes looks, before it asks for the lock and when it has it": Cover(
        [
            Edit(
                COORDINATOR, "if has_waited and (found := await find()) is not None:", "if False:"
            ),
            *GUARDS["whoever gets the lock looks before it makes"],
        ],
        "the first look saves most followers the lock; the second is a guard of its own",
    ),
    "everybody is told to look when the connection is lost, and when it is back": Cover(
        [
            Edit(
                NOTIFIER,
                "            await self._disconnect()\n        self._tell_to_look()\n",
                "            await self._disconnect()\n",
            ),
            Edit(
                NOTIFIER,
                "        await self._reconnect()\n        self._tell_to_look()\n",
                "        await self._reconnect()\n",
            ),
        ],
        "who waits for a leader need not wait for the connection; and who follows the change"
        " log has been told nothing meanwhile (`db/test_notifier`)",
    ),
    "locks that were lost are told of by the connection, and by who lets go of them": Cover(
        [
            Edit(NOTIFIER, "        for key in self._held:\n            self._owe(key)\n", ""),
            Edit(NOTIFIER, "            self._unsaid.add(said)\n\n", "            pass\n\n"),
        ],
        "a leader may go on for long with a lock that is gone, and another could take it",
    ),
    "a connection that is lost is noticed by its socket, by the command and after it": Cover(
        [
            Edit(
                NOTIFIER,
                "            self._unwatch()\n            self._lost.set()\n",
                "            self._unwatch()\n",
            ),
            Edit(
                NOTIFIER,
                "                self._lost.set()\n                raise TryLater",
                "                raise TryLater",
            ),
            Edit(
                NOTIFIER,
                "connection is not self._connection:\n            self._lost.set()\n",
                "connection is not self._connection:\n",
            ),
        ],
        "only a command notices a server that has fallen silent, and only the socket a"
        " connection that nobody uses",
    ),
}
