"""Every error a person or a client may be shown, named for what happens next.

    RealmkitError
    ├── AuthorMustFix            422  the card's author can repair it
    │   ├── TranspileError       406  source that does not compile: line, column, frame
    │   └── NotText              422  bytes that are not UTF-8 where text is needed
    ├── TryLater                 503  nothing is wrong with the request; ask again
    │   ├── TooSlow              408  it ran out of its time budget
    │   ├── TransactionLost      503  the database undid all of it, and not only a statement
    │   └── UpstreamFailed       502  somebody we asked answered badly
    ├── RequestError             400  the request was wrong
    │   ├── BadRequest           400
    │   ├── Forbidden            403
    │   ├── NotFound             404
    │   ├── MethodNotAllowed     405
    │   ├── NotAcceptable        406
    │   ├── Conflict             409
    │   ├── BehindRetention      410  a follower asked for history that is pruned
    │   ├── PreconditionFailed   412
    │   ├── TooLarge             413
    │   └── UnsupportedMediaType 415
    └── OurBug                   500  we have a bug

`detail` is a whole sentence that names the thing and who asked. It never holds
a stack trace or a path of the machine, because it travels to clients as is.
What stops a start-up altogether is `config.SetupError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class RealmkitError(Exception):
    """An error with the members of a JSON:API error object.

    `pointer` is a JSON pointer into the request document; `meta` holds extra
    plain JSON members.
    """

    status: int = 500
    title: str = "Internal Server Error"
    headers: Mapping[str, str] = {}

    def __init__(
        self,
        detail: str,
        *,
        title: str | None = None,
        status: int | None = None,
        pointer: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        if title is not None:
            self.title = title
        if status is not None:
            self.status = status
        self.pointer = pointer
        self.meta: dict[str, Any] = dict(meta or {})

    def to_error_object(self) -> dict[str, Any]:
        """`{"status": "404", "title", "detail", "source"?: {"pointer"}, "meta"?}`."""
        error: dict[str, Any] = {
            "status": str(self.status),
            "title": self.title,
            "detail": self.detail,
        }
        if self.pointer is not None:
            error["source"] = {"pointer": self.pointer}
        if self.meta:
            error["meta"] = self.meta
        return error


# The author must fix the card.


class AuthorMustFix(RealmkitError):
    status = 422
    title = "Card Error"


class TranspileError(AuthorMustFix):
    """Source that does not compile. `line` counts from 1, `column` from 0.

    `frame` shows the author's own lines around the fault, as plain text.
    """

    status = 406
    title = "Module Does Not Compile"

    def __init__(
        self,
        detail: str,
        *,
        line: int | None = None,
        column: int | None = None,
        frame: str | None = None,
        title: str | None = None,
        status: int | None = None,
        pointer: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        place = {"line": line, "column": column, "frame": frame}
        known = {name: value for name, value in place.items() if value is not None}
        super().__init__(
            detail, title=title, status=status, pointer=pointer, meta={**known, **(meta or {})}
        )
        self.line = line
        self.column = column
        self.frame = frame


class NotText(AuthorMustFix):
    title = "Not UTF-8 Text"


# Try again later.


class TryLater(RealmkitError):
    status = 503
    title = "Try Again Later"


class TooSlow(TryLater):
    status = 408
    title = "Took Too Long"


class TransactionLost(TryLater):
    """Nothing more can be done in this transaction, and nothing of it was kept."""


class UpstreamFailed(TryLater):
    status = 502
    title = "Bad Answer From Upstream"


# The request was wrong.


class RequestError(RealmkitError):
    status = 400
    title = "Bad Request"


class BadRequest(RequestError):
    pass


class Forbidden(RequestError):
    status = 403
    title = "Forbidden"


class NotFound(RequestError):
    status = 404
    title = "Not Found"


class MethodNotAllowed(RequestError):
    """`allowed` becomes the `Allow` header, which RFC 9110 requires of a 405."""

    status = 405
    title = "Method Not Allowed"

    def __init__(self, detail: str, *, allowed: tuple[str, ...], **members: Any) -> None:
        super().__init__(detail, **members)
        self.allowed = allowed
        self.headers = {"Allow": ", ".join(allowed)}


class NotAcceptable(RequestError):
    status = 406
    title = "Not Acceptable"


class Conflict(RequestError):
    status = 409
    title = "Conflict"


class BehindRetention(RequestError):
    status = 410
    title = "Behind Retention"


class PreconditionFailed(RequestError):
    status = 412
    title = "Precondition Failed"


class TooLarge(RequestError):
    status = 413
    title = "Content Too Large"


class UnsupportedMediaType(RequestError):
    status = 415
    title = "Unsupported Media Type"


# We have a bug.


class OurBug(RealmkitError):
    status = 500
    title = "Internal Server Error"
