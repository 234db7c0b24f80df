"""What a realm's files are, beyond their bytes: kind, title, text, dimensions, columns."""

from realmkit.extraction.facts import FileFacts
from realmkit.extraction.kinds import FileKind, kind_of_file, names_a_file
from realmkit.extraction.media_types import type_of_file
from realmkit.extraction.service import FileExtractor

__all__ = [
    "FileExtractor",
    "FileFacts",
    "FileKind",
    "kind_of_file",
    "names_a_file",
    "type_of_file",
]
