"""Errors as clients see them."""

from realmkit.errors import MethodNotAllowed, NotFound, TranspileError


def test_an_error_is_a_jsonapi_error_object() -> None:
    error = NotFound("`x` was not found.", pointer="/data", meta={"asked": "y"})
    assert error.to_error_object() == {
        "status": "404",
        "title": "Not Found",
        "detail": "`x` was not found.",
        "source": {"pointer": "/data"},
        "meta": {"asked": "y"},
    }


def test_a_compile_error_names_its_place() -> None:
    error = TranspileError("Unexpected token in `person.gts`.", line=3, column=7, frame="> 3 |")
    assert error.status == 406
    assert error.to_error_object()["meta"] == {"line": 3, "column": 7, "frame": "> 3 |"}


def test_a_405_says_what_is_allowed() -> None:
    assert MethodNotAllowed("PUT?", allowed=("GET", "HEAD")).headers == {"Allow": "GET, HEAD"}
