"""`realmkit serve` as a real process: starting, serving, stopping."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from tests.cli.conftest import Run, is_alive, realmkit, until

Serve = Callable[..., Run]


def test_a_folder_is_served_and_indexed(serve: Serve, realm: Path):
    run = serve(str(realm))
    run.until_ready()

    document = orjson.loads(run.get("/dogs/rex", "application/vnd.card+json"))
    assert document["data"]["attributes"]["cardTitle"] == "Rex"
    assert "Rex" in run.get("/dogs/rex", "text/html")


def test_a_folder_can_be_given_a_name(serve: Serve, realm: Path):
    run = serve(f"pets={realm}")

    assert orjson.loads(run.get("/pets/_info"))["data"]["id"] == f"{run.url}/pets/"


def test_ctrl_c_stops_everything_it_started(serve: Serve, realm: Path):
    run = serve(str(realm))
    run.until_ready()
    children = run.children()
    address = run.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1]))) as stream:
        # An open event stream must not keep the server from stopping.
        stream.sendall(b"GET /dogs/_events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        stream.recv(1000)
        code, seconds = run.interrupt()

    out, err = run.process.communicate()
    assert (code, err.count("Traceback")) == (0, 0)
    assert seconds < 3
    assert len(children) >= 2, "Node and Chromium ran"
    until(lambda: not any(is_alive(pid) for pid in children), 3)
    assert f"{run.url}/dogs/" in out


def test_who_still_waits_when_it_stops_is_told_to_ask_again(serve: Serve, realm: Path):
    run = serve(str(realm), "--no-watch")
    run.until_ready()
    for pid in run.children():
        if "transpiler" in Path(f"/proc/{pid}/cmdline").read_text():
            os.kill(pid, signal.SIGSTOP)
    (realm / "cat.ts").write_text("export const cat = 1;")
    before = misses(run)
    address = run.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1]))) as waiting:
        waiting.sendall(b"GET /dogs/cat HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        until(lambda: misses(run) != before, 10)
        code, _ = run.interrupt()
        answer = waiting.recv(10_000)

    assert (code, run.process.communicate()[1].count("Traceback")) == (0, 0)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"The server is stopping; ask again." in answer


def misses(run: Run) -> str:
    """How many modules no layer of the cache had, as the server's metrics say it."""
    lines = run.get("/metrics").splitlines()
    return next(line for line in lines if line.startswith("realmkit_module_cache_misses_total "))


def test_a_second_start_has_nothing_to_index(serve: Serve, realm: Path):
    first = serve(str(realm))
    first.until_ready()
    first.interrupt()
    # At the same address: ids of cards begin with it.
    second = serve(str(realm), port=int(first.url.rpartition(":")[2]))

    assert "Rex" in second.get("/dogs/rex", "text/html")
    assert second.children() == set(), "neither Node nor Chromium was needed"


def test_a_port_in_use_is_one_readable_line(realm: Path, tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = realmkit("serve", str(realm), "--port", str(port), cwd=tmp_path)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert str(port) in done.stderr


def test_two_servers_do_not_share_a_state_folder(serve: Serve, realm: Path, tmp_path: Path):
    serve(str(realm))
    done = realmkit(
        "serve", str(realm), "--port", "0", "--state", str(tmp_path / "state"), cwd=tmp_path
    )

    assert done.returncode == 1
    assert "state folder" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve"], "FOLDER"),
        (["serve", "nowhere"], "`nowhere` does not exist"),
        (["serve", "dogs", "--host", "0.0.0.0"], "no permissions"),
        (["serve", "dogs", "--port", "x"], "--port"),
        (["serve", "dogs", "x=dogs", "dogs"], "Two folders would be the realm `dogs`"),
        (["serve", "base=dogs"], "built-in"),
        (["serve", "dogs", "--database", "mysql://h/x"], "no database URL"),
        (["serve", "dogs", "--database-direct", "postgresql://h/x"], "goes with --database"),
        (["serve", "dogs", "--public-url", "ftp://x"], "public address"),
        (["sevre", "dogs"], 'Did you mean "serve"?'),
    ],
)
def test_a_command_that_is_typed_wrong_is_one_line_and_exit_code_2(
    realm: Path, arguments: list[str], said: str
):
    done = realmkit(*arguments, cwd=realm.parent)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


@pytest.mark.parametrize(
    ("variable", "said"), [("REALMKIT_CHROMIUM", "Chromium"), ("REALMKIT_NODE", "Node")]
)
def test_what_is_not_to_be_had_is_one_line_and_exit_code_1(realm: Path, variable: str, said: str):
    done = realmkit("serve", str(realm), "--port", "0", cwd=realm.parent, **{variable: "/no/such"})

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert variable in done.stderr or said in done.stderr


def test_help_teaches_with_examples(tmp_path: Path):
    for command in ("serve", "check", "index", "search"):
        done = realmkit(command, "--help", cwd=tmp_path)

        assert done.returncode == 0
        assert f"realmkit {command} " in done.stdout
