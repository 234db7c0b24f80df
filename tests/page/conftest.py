"""A real server over a folder of people, and a real browser to look at it with.

The server is the command people type, in a process of its own. Tests share it and
each works with cards of its own, so none waits for another's index.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from realmkit.config import find_chromium

PERSON = """
import { CardDef, Component, contains, field, linksTo } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';

export class Person extends CardDef {
  static displayName = 'Person';
  @field name = contains(StringField);
  @field town = contains(StringField);
  @field friend = linksTo(() => Person);
  @field cardTitle = contains(StringField, {
    computeVia: function (this: Person) {
      return this.name;
    },
  });
  static isolated = class Isolated extends Component<typeof Person> {
    <template>
      <h1 class='name'>{{@model.name}}</h1>
      <p class='town'>Lives in {{@model.town}}</p>
      <div class='friend'><@fields.friend /></div>
      <style scoped>
        .name { color: rgb(1, 2, 3); }
      </style>
    </template>
  };
  static fitted = class Fitted extends Component<typeof Person> {
    <template><b class='fitted-name'>{{@model.name}}</b> <i>{{@model.town}}</i></template>
  };
}
"""

PLACE = """
import { CardDef, Component, contains, field } from '@cardstack/base/card-api';
import StringField from '@cardstack/base/string';

export class Place extends CardDef {
  static displayName = 'Place';
  @field name = contains(StringField);
  @field cardTitle = contains(StringField, {
    computeVia: function (this: Place) {
      return this.name;
    },
  });
  static isolated = class Isolated extends Component<typeof Place> {
    <template><h1 class='place'>{{@model.name}}</h1></template>
  };
}
"""


@dataclass
class People:
    """The served realm: its URL and its folder."""

    home: str
    url: str
    folder: Path

    def card(self, slug: str, **attributes: str) -> str:
        """Write a Person's file on disk and return the card's id."""
        self.write("Person", slug, attributes)
        return f"{self.url}Person/{slug}"

    def write(
        self, type_name: str, name: str, attributes: dict[str, str], friend: str | None = None
    ) -> None:
        data: dict[str, Any] = {
            "type": "card",
            "attributes": attributes,
            "meta": {"adoptsFrom": {"module": f"../{type_name.lower()}", "name": type_name}},
        }
        if friend:
            data["relationships"] = {"friend": {"links": {"self": f"./{friend}"}}}
        path = self.folder / type_name / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"data": data}, indent=2))

    def attributes(self, name: str) -> dict[str, Any]:
        """What the Person's file says now."""
        document = json.loads((self.folder / "Person" / f"{name}.json").read_text())
        return document["data"]["attributes"]


@pytest.fixture(scope="package")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    folder = tmp_path_factory.mktemp("realms") / "people"
    folder.mkdir()
    (folder / "person.gts").write_text(PERSON)
    (folder / "place.gts").write_text(PLACE)
    realm = People("", "", folder)
    realm.write("Person", "ann", {"name": "Ann Arbour", "town": "Oslo"}, friend="bob")
    realm.write("Person", "bob", {"name": "Bob Birch", "town": "Bergen"})
    realm.write("Place", "oslo", {"name": "Oslo harbour"})
    for number in range(60):
        realm.write("Place", f"p{number:02}", {"name": f"Quay {number:02}"})
    with serving(folder, tmp_path_factory.mktemp("state")) as address:
        realm.home, realm.url = address, f"{address}people/"
        yield realm


@contextmanager
def serving(folder: Path, state: Path, *options: str) -> Generator[str, None, None]:
    """A server over one folder, at the address that it prints."""
    command = [Path(sys.executable).with_name("realmkit"), "serve", folder, "--port", "0"]
    with subprocess.Popen(
        [*command, "--state", state, "--no-open", *options], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield next(line for line in process.stdout if "Serving at" in line).split()[2]
        process.terminate()


# Ends with this folder: while Playwright's loop runs, async tests cannot.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=str(find_chromium()), args=["--no-sandbox"]
        )


OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")
def indexed(browser: Browser, people: People) -> None:
    """Wait for the first index, as a person does: by looking at the realm's page."""
    page = browser.new_page()
    page.goto(people.url)
    expect(page.locator("[data-realmkit-type='']")).to_contain_text("63", timeout=60_000)
    expect(page.locator("[data-state=indexing]")).to_have_count(0)
    page.close()


@pytest.fixture
def open_page(browser: Browser, indexed: None) -> Iterator[OpenPage]:
    """Open a page in a context of its own; it fails the test if the page's script threw."""
    with _contexts(browser) as opener:
        yield opener


@contextmanager
def _contexts(browser: Browser) -> Generator[OpenPage]:
    contexts: list[Any] = []
    thrown: list[str] = []

    def open_one(url: str, *, is_ours: bool = True, **options: Any) -> Page:
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: thrown.append(str(error)))
        page.goto(url)
        if is_ours and options.get("java_script_enabled", True):
            page.locator("html[data-realmkit-page=ready]").wait_for()
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert thrown == []
