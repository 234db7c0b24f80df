"""Doing it once: single flight, generations, the coordinator between processes, and the
cache of two layers built on them."""

from realmkit.coalesce.coordinator import Coordinator
from realmkit.coalesce.generation_table import GenerationTable, TableName
from realmkit.coalesce.generations import Generation, Generations
from realmkit.coalesce.layered import Found, Layer, LayeredCache, LocalCache, Payload, Source
from realmkit.coalesce.memory import MemoryCache
from realmkit.coalesce.single_flight import SingleFlight
from realmkit.coalesce.sweeping import CacheSweeper

__all__ = [
    "CacheSweeper",
    "Coordinator",
    "Found",
    "Generation",
    "GenerationTable",
    "Generations",
    "Layer",
    "LayeredCache",
    "LocalCache",
    "MemoryCache",
    "Payload",
    "SingleFlight",
    "Source",
    "TableName",
]
