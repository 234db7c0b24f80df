"""Every guard of the protocol, and how it looks when somebody has taken it out."""

from tests.coalesce.simulated.kit import Edit

LAYERED = "realmkit.coalesce.layered"
COORDINATOR = "realmkit.coalesce.coordinator"
TABLE = "realmkit.coalesce.generation_table"
HINTS = "realmkit.db.hints"

_CAPTURE = "        captured = self.generations.capture(realm_url, path)\n"
_FINDING = "        if found := self._find(captured, row, maker_version, source):\n"

GUARDS: dict[str, list[Edit]] = {
    "the generation is captured before the first await": [
        Edit(LAYERED, _CAPTURE, ""),
        Edit(LAYERED, _FINDING, _CAPTURE + _FINDING),
    ],
    "generations are compared before a result is kept in memory": [
        Edit(
            LAYERED,
            "if not self.generations.still_current(captured, found.source_hash):",
            "if False:",
        ),
    ],
    "the row's generation is read before the source": [
        Edit(
            LAYERED,
            "        row = await self.table.read(realm_url, path)\n        source = await read()\n",
            "        source = await read()\n        row = await self.table.read(realm_url, path)\n",
        ),
    ],
    "a row is stored only while its generation is no higher than the captured one": [
        Edit(
            "write",
            "and (module_transpile_cache.generation <= excluded.generation",
            "and (true",
        ),
        Edit(
            LAYERED,
            "if row is not None and self.generations.still_current(captured, source.hash):",
            "if row:",
        ),
    ],
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
        Edit(
            "tombstone",
            "size = case when module_transpile_cache.source_hash = excluded.source_hash",
            "size = case when module_transpile_cache.source_hash <> excluded.source_hash",
        ),
    ],
    "a bulk wipe moves the floor, for paths that have no row": [
        Edit(TABLE, "await self.tombstone(tx, realm_url, {_FLOOR: None})", "pass"),
    ],
    "a payload counts only under the floor that its writer captured": [
        Edit("read", "kept.realm_generation >= coalesce(floor.generation, 0)", "true"),
    ],
    "a follower registers before it tries the lock": [
        Edit(
            HINTS,
            "        self._waiting[key].add(hint)\n        try:\n"
            "            while (answer := await look()) is None:\n",
            "        try:\n            while (answer := await look()) is None:\n"
            "                self._waiting[key].add(hint)\n",
        ),
    ],
    "a leader that fails says so": [
        Edit(
            COORDINATOR,
            "            return await make()\n        finally:\n"
            "            await self._let_go(key, lead)\n",
            "            made = await make()\n"
            "        except BaseException:\n"
            "            self._leading.pop(key, None)\n"
            '            await self._notifier.release(lead.held, "realm_lock_released")\n'
            "            raise\n"
            "        await self._let_go(key, lead)\n"
            "        return made\n",
        ),
        Edit(
            COORDINATOR,
            "            if (found := await find()) is not None:\n"
            "                self.stats.followed += 1\n"
            "                return found\n"
            "            self.stats.led += 1\n",
            "            if (found := await find()) is not None:\n"
            "                self.stats.followed += 1\n"
            "                await self._let_go(key, lead)\n"
            "                return found\n"
            "            self.stats.led += 1\n",
        ),
    ],
    "whoever wakes looks before it makes": [
        Edit(COORDINATOR, "if has_waited and (found := await find()) is not None:", "if False:"),
        Edit(
            COORDINATOR,
            "if (found := await find()) is not None:\n                self.stats.f",
            "if (found := None) is not None:\n                self.stats.f",
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
    "memory's entry is compared with the source's hash": [
        Edit(LAYERED, "known.source_hash == source_hash and known", "known"),
    ],
    "the table's row is compared with the source's hash": [
        Edit(TABLE, "            and self.source_hash == source_hash\n", ""),
    ],
    "a flight is of one generation": [
        Edit(LAYERED, "(self.generations.for_any_source(captured), source.hash,", "(source.hash,"),
    ],
    "a flight is of one source": [
        Edit(LAYERED, "for_any_source(captured), source.hash, m", "for_any_source(captured), m"),
    ],
    "an invalidation drops what memory has": [
        Edit(LAYERED, "        self._memory.drop(realm_url, path)\n", ""),
    ],
    "a flight that was refused while the lock was let go is told": [
        Edit(COORDINATOR, "            self._hints.notify(str(key))\n", "            pass\n"),
    ],
    "a process that leads already makes beside it, under the same lock": [
        Edit(
            COORDINATOR,
            "        if lead.flights:\n            return\n",
            "        self._leading.pop(key, None)\n",
        ),
        Edit(COORDINATOR, "        del self._leading[key]\n", ""),
    ],
}
