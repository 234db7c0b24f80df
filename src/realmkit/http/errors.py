"""Whatever was raised, as a JSON:API error document.

Errors of the tree in `realmkit.errors` say what they mean. Anything else is a
bug of ours: it is logged with its trace under an id, and the client gets only
the id.
"""

import logging
import secrets

from starlette.requests import Request
from starlette.responses import Response

from realmkit.errors import OurBug, RealmkitError, TryLater
from realmkit.http import answers

log = logging.getLogger(__name__)


def error_answer(error: RealmkitError) -> Response:
    """The error document for `error`."""
    headers = dict(error.headers)
    if isinstance(error, TryLater):
        headers.setdefault("retry-after", "1")
    return answers.document(
        {"errors": [error.to_error_object()]}, status=error.status, headers=headers
    )


def as_known(error: Exception, request: Request) -> RealmkitError:
    """`error` as a member of our tree. What is not in it was not foreseen."""
    if isinstance(error, RealmkitError):
        return error
    if isinstance(error, TimeoutError):
        return TryLater("The answer took too long. Ask again.")
    incident = secrets.token_hex(4)
    log.error(
        "unexpected error",
        extra={"incident": incident, "method": request.method, "path": request.url.path},
        exc_info=error,
    )
    return OurBug(
        f"Something went wrong here that should not have. The server's log calls it {incident}."
    )
