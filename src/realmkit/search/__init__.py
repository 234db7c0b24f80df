"""Answering searches and serving linked documents."""

from realmkit.search.definitions import DefinitionCache, Describer, epoch_of
from realmkit.search.engine import SearchEngine
from realmkit.search.job_answers import JobAnswers
from realmkit.search.link_walker import Walk
from realmkit.search.remote_client import RemoteClient
from realmkit.search.remote_realms import RemoteRealms
from realmkit.search.search_page import SearchPage
from realmkit.search.served_cards import FoundCard

__all__ = [
    "DefinitionCache",
    "Describer",
    "FoundCard",
    "JobAnswers",
    "RemoteClient",
    "RemoteRealms",
    "SearchEngine",
    "SearchPage",
    "Walk",
    "epoch_of",
]
