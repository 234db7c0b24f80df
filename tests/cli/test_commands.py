"""`check`, `index`, `search` and `version`."""

from pathlib import Path

import orjson
from tests.cli.conftest import CARD, realmkit
from tests.support.ports import free_port

KENNEL = """\
import { CardDef, field, contains, linksToMany } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';
import { Dog } from './dog';

export class Kennel extends CardDef {
  @field name = contains(StringField);
  @field dogs = linksToMany(() => Dog, { query: { filter: { eq: { nam: '$this.name' } } } });
}
"""


def test_a_realm_in_order_passes_the_check(realm: Path):
    done = realmkit("check", str(realm), cwd=realm.parent)

    assert (done.returncode, done.stdout) == (0, "")
    assert "2 cards" in done.stderr
    assert not (realm.parent / ".realmkit").exists()


def test_every_error_is_a_line_with_its_place(realm: Path):
    (realm / "cat.gts").write_text(
        "import { CardDef } from '@cardstack/base/card-api';\nexport {\n"
    )
    for name in ("Tim", "Tom"):
        (realm / f"{name.lower()}.json").write_text(CARD.replace("./dog", "./cat") % name)
    (realm / "pup.gts").write_text(
        "import { Dogg } from './dog';\nexport class Pup extends Dogg {}\n"
    )
    (realm / "lost.json").write_text((CARD % "Lost").replace("./dog", "./nowhere"))
    (realm / "broken.json").write_text("{")
    done = realmkit("check", str(realm), cwd=realm.parent)

    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert any(line.startswith(("cat.gts:2:", "cat.gts:3:")) for line in lines)
    [cats] = [line for line in lines if "tim.json" in line]
    assert cats.startswith("cat.gts:") and cats.endswith(" (tim.json and 1 more)")
    assert any(line.startswith("pup.gts:1:22  `Dogg` is not exported") for line in lines)
    assert "http://" not in done.stdout
    assert any(line.startswith("lost.json") and "nowhere" in line for line in lines)
    assert any(line.startswith("broken.json") for line in lines)


def test_a_search_that_a_field_cannot_ask_is_told_where_it_is_defined(realm: Path):
    (realm / "kennel.gts").write_text(KENNEL)
    for name in ("north", "south"):
        (realm / f"{name}.json").write_text(
            (CARD % name).replace("./dog", "./kennel").replace('"Dog"', '"Kennel"')
        )
    done = realmkit("check", str(realm), cwd=realm.parent)

    [line] = done.stdout.splitlines()
    assert line.startswith("kennel.gts  the search of `dogs` is refused: ")
    assert 'Did you mean "name"?' in line and line.endswith(" (north.json and 1 more)")
    assert done.returncode == 1


def test_an_index_is_made_and_then_searched(realm: Path, tmp_path: Path):
    state = ["--state", str(tmp_path / "state")]
    port = str(free_port())
    done = realmkit("index", str(realm), "--port", port, *state, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (0, "dogs: 2 cards, 1 modules, 0 in error\n")

    found = realmkit("search", str(realm), "rex", "--port", port, *state, cwd=tmp_path)
    assert found.stdout.startswith("Rex  (Dog)  ")

    typed = realmkit(
        "search",
        str(realm),
        *["--type", "dog", "--eq", "name=Fido", "--json", "--port", port],
        *state,
        cwd=tmp_path,
    )
    assert [one["attributes"]["name"] for one in orjson.loads(typed.stdout)["data"]] == ["Fido"]

    nobody = realmkit("search", str(realm), "--type", "Dgo", "--port", port, *state, cwd=tmp_path)
    assert nobody.returncode == 1
    assert 'Did you mean "Dog"?' in nobody.stderr

    url = f"http://127.0.0.1:{port}/dogs/"
    assert realmkit("forget", url, *state, cwd=tmp_path).stdout.startswith(f"{url}: ")
    again = realmkit("forget", url, *state, cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, f"Nothing is kept of {url}.\n")


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path):
    done = realmkit("search", f"http://127.0.0.1:{free_port()}/atlas/", "x", cwd=tmp_path)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1


def test_the_version_is_printed(tmp_path: Path):
    assert realmkit("version", cwd=tmp_path).stdout.strip() == "0.1.0"
