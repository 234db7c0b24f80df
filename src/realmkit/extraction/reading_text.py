"""Plain text: how long it is, how it begins, and what it says."""

from realmkit.extraction.looking import TEXT_LIMIT, Extract, WrongKind, decoded, shortened


def read(content: bytes, suffix: str) -> Extract:
    if content.count(b"\0", 0, 4096) > 8:
        raise WrongKind("It is no text: it holds NUL bytes.")
    text, note = decoded(content)
    return Extract(
        {
            "content": text[:TEXT_LIMIT],
            "excerpt": shortened(text),
            "lineCount": len(text.splitlines()),
        },
        note,
    )
