"""A resource: a path that answers some methods and refuses the others by name.

HEAD is answered wherever GET is, by the same handler; OPTIONS is answered by the
edge from the same table. So a 405 can always say truly what is allowed.
"""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from realmkit.errors import MethodNotAllowed

Handler = Callable[[Request], Awaitable[Response]]
Methods = Mapping[str, Handler]


def allowed(methods: Methods) -> tuple[str, ...]:
    """What the Allow header lists."""
    also = {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    return tuple(sorted({*methods, *also}))


def handler_for(methods: Methods, request: Request, hint: str = "") -> Handler:
    """The handler of the request's method, or `MethodNotAllowed`; `hint` ends its detail."""
    method = "GET" if request.method == "HEAD" else request.method
    handler = methods.get(method)
    if handler is None:
        choices = allowed(methods)
        raise MethodNotAllowed(
            f"`{request.url.path}` does not answer {request.method[:40]}, "
            f"only {', '.join(choices)}.{hint}",
            allowed=choices,
        )
    return handler
