"""Files in the page: chosen in a form, listed by the realm."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import expect

if TYPE_CHECKING:
    from conftest import OpenPage, People

POSTER = """
import { CardDef, field, linksTo } from '@cardstack/base/card-api';
import { ImageDef } from '@cardstack/base/image-file-def';
export class Poster extends CardDef {
  static displayName = 'Poster';
  @field picture = linksTo(() => ImageDef);
}
"""


def test_a_picture_is_chosen_in_the_form_and_the_realm_lists_its_file(
    people: People, open_page: OpenPage
):
    Image.new("RGB", (120, 80), "teal").save(people.folder / "harbour.png")
    (people.folder / "notes.md").write_text("# Notes\n")
    (people.folder / "poster.gts").write_text(POSTER)
    document = {
        "data": {"type": "card", "meta": {"adoptsFrom": {"module": "./poster", "name": "Poster"}}}
    }
    poster = people.folder / "poster.json"
    poster.write_text(json.dumps(document))

    realm = open_page(people.url)
    files = realm.locator("[data-realmkit-part=files]")
    expect(files).to_contain_text("harbour.png", timeout=15_000)
    files.locator("summary").click()
    line = files.locator("li", has_text="harbour.png")
    expect(line).to_contain_text("PNG image")
    expect(files.locator("li", has_text="poster")).to_have_count(0)

    page = open_page(f"{people.url}poster")
    page.locator("[data-realmkit-live]").wait_for()
    page.locator("[data-realmkit-mode=edit]").click()
    page.locator("[data-choose=picture]").click()
    expect(page.locator("[data-candidate]")).to_have_count(1)
    page.locator("[data-candidate]").click()
    shown = page.locator("[data-link-editor=picture] img")
    expect(shown).to_have_attribute("src", f"{people.url}harbour.png")

    expect(page.locator("[data-realmkit-saving]")).to_have_text("Saved")
    stored = json.loads(poster.read_text())["data"]["relationships"]["picture"]
    assert stored == {"links": {"self": "./harbour.png"}}
