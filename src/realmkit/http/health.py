"""Is it alive, is it ready, and how is it doing: `/_health`, `/_ready`, `/metrics`."""

from starlette.requests import Request
from starlette.responses import Response

from realmkit.errors import TryLater
from realmkit.http import answers
from realmkit.http.hot import HotModules
from realmkit.http.stations import Stations

Counter = tuple[str, str, dict[str, int]]
"""A counter's name, what it counts, and its values by labels as Prometheus writes them."""


class Health:
    """For whoever watches over the process."""

    def __init__(self, stations: Stations, hot: HotModules) -> None:
        self._stations = stations
        self._hot = hot

    async def health(self, request: Request) -> Response:
        """200 as long as the process answers."""
        return answers.document({"status": "ok"}, media_type="application/json")

    async def ready(self, request: Request) -> Response:
        """200 once every realm's index has caught up with its log, 503 until then."""
        stations = self._stations
        if not stations.is_ready:
            raise TryLater("The realms are still being scanned.")
        for mounted in stations.mounted.values():
            url = mounted.realm.url
            if await stations.index.indexed_seq(url) < await stations.changes.last_seq(url):
                raise TryLater(f"The realm {url} is being indexed.")
        return answers.document({"status": "ready"}, media_type="application/json")

    async def metrics(self, request: Request) -> Response:
        """Every counter of this process in Prometheus' text format."""
        # Imported when asked for: it costs more than the rest of the start.
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return Response(
            generate_latest() + _exposed(self._counters()),
            headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": answers.NO_STORE},
        )

    def _counters(self) -> list[Counter]:
        modules = self._stations.modules
        layers, pool = modules.cache.stats, modules.transpiler.stats
        roles = modules.coordinator.stats
        described, swept = self._stations.definitions.cache.stats, self._stations.cache_sweeps
        in_memory = layers.l1 + modules.hits + self._hot.hits
        return [
            (
                "realmkit_transpiles_total",
                "Modules sent to a transpiler worker.",
                {"": pool.transpiles},
            ),
            (
                "realmkit_transpiler_fallbacks_total",
                "Modules that the reference pipeline compiled for the fast one.",
                {"": pool.fallbacks},
            ),
            (
                "realmkit_module_cache_hits_total",
                "Modules found in a layer of the module cache: l1 is this process, ready answers "
                "included, l2 the shared table.",
                {'{layer="l1"}': in_memory, '{layer="l2"}': layers.l2},
            ),
            (
                "realmkit_module_cache_misses_total",
                "Compiled modules that no layer had.",
                {"": layers.made},
            ),
            (
                "realmkit_definition_cache_hits_total",
                "Descriptions of modules found in a layer of the definition cache.",
                {'{layer="l1"}': described.l1, '{layer="l2"}': described.l2},
            ),
            (
                "realmkit_definition_cache_misses_total",
                "Descriptions of modules that a page had to make.",
                {"": described.made},
            ),
            (
                "realmkit_cache_results_outrun_total",
                "Results that were not kept because something was invalidated meanwhile.",
                {
                    '{cache="modules"}': layers.outrun,
                    '{cache="definitions"}': described.outrun,
                },
            ),
            (
                "realmkit_cache_table_failures_total",
                "Reads and writes of a cache's table that the database refused.",
                {
                    '{cache="modules"}': modules.cache.table.failures,
                    '{cache="definitions"}': self._stations.definitions.cache.table.failures,
                },
            ),
            (
                "realmkit_cache_swept_total",
                "What sweeps gave up: payloads that were too old or too much, and old tombstones.",
                {
                    '{what="old"}': swept.old,
                    '{what="beyond"}': swept.beyond,
                    '{what="tombstone"}': swept.rows,
                },
            ),
            (
                "realmkit_coalesced_total",
                "Modules and descriptions that no layer had at first, by this process's part: it was the leader "
                "and made them, a follower and found them, or made them alone, without a lock.",
                {
                    '{role="leader"}': roles.led,
                    '{role="follower"}': roles.followed,
                    '{role="alone"}': roles.alone,
                },
            ),
            (
                "realmkit_transpiler_workers_started_total",
                "Node processes started to transpile.",
                {"": pool.workers_started},
            ),
            (
                "realmkit_transpiler_workers_lost_total",
                "Node processes that ended before they answered.",
                {"": pool.workers_lost},
            ),
        ]


def _exposed(counters: list[Counter]) -> bytes:
    lines: list[str] = []
    for name, meaning, values in counters:
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} counter"]
        lines += [f"{name}{labels} {value}" for labels, value in values.items()]
    return "".join(f"{line}\n" for line in lines).encode()
