"""Files as their definitions see them: what a page makes of a file's facts and bytes."""

from typing import Any

import pytest
from playwright.async_api import Page

from .served_realms import ServedRealms

pytestmark = pytest.mark.anyio

FILE_API = "@cardstack/base/file-api"
TRACK = """
import { FileDef, FileContentMismatchError } from '@cardstack/base/file-api';
import { contains, field } from '@cardstack/base/card-api';
import NumberField from '@cardstack/base/number';

export class Track extends FileDef {
  static displayName = 'Track';
  @field points = contains(NumberField);
  static async extractAttributes(url, getStream, options) {
    const text = await new Response(await getStream()).text();
    if (!text.startsWith('track')) throw new FileContentMismatchError('It is no track.');
    const above = await super.extractAttributes(url, getStream, options);
    return { ...above, points: text.trim().split('\\n').length - 1 };
  }
}
export class Walk extends Track {
  static async extractAttributes(url, getStream, options) {
    if (url.endsWith('broken.trk')) throw new Error('the reader broke');
    return super.extractAttributes(url, getStream, options);
  }
}
export class NoFile {}
"""


@pytest.fixture(autouse=True)
def tracks(realms: ServedRealms) -> None:
    realms.files["town/track.gts"] = TRACK
    realms.files["town/dunes.trk"] = "track\n1 2\n3 4\n"
    realms.files["town/other.trk"] = "a song\n"
    realms.files["town/broken.trk"] = "track\n"


async def extract(page: Page, realms: ServedRealms, path: str, name: str = "Track") -> Any:
    file = {
        "url": f"{realms.origin}/{path}",
        "definition": {"module": "./track", "name": name},
        "attributes": {"name": path.rpartition("/")[2], "contentHash": "abc", "contentSize": 14},
    }
    [made] = await page.evaluate(
        "(request) => __realmkit.extract(request)",
        {"files": [file], "epoch": realms.epoch, "jobId": "7.1", "jobPriority": 10},
    )
    return made


async def test_search_doc_and_types_come_from_the_definition(
    page: Page, realms: ServedRealms
) -> None:
    made = await extract(page, realms, "town/dunes.trk")

    assert made["status"] == "ready", made["error"]
    assert made["searchDoc"]["points"] == 2
    assert made["searchDoc"]["name"] == "dunes.trk"
    assert made["types"] == [
        f"{realms.origin}/town/track/Track",
        "@cardstack/base/card-api/FileDef",
        "@cardstack/base/card-api/BaseDef",
    ]
    assert made["displayNames"][0] == "Track"
    assert made["resource"]["attributes"]["contentHash"] == "abc"
    assert made["resource"]["type"] == "file-meta"


async def test_an_extract_rests_on_file_api_and_its_definition(
    page: Page, realms: ServedRealms
) -> None:
    # Of this module nothing imports `file-api`, and a page that was just booted has not either.
    realms.files["town/track.gts"] = """
import { FileDef } from '@cardstack/base/card-api';
export class Track extends FileDef {}
"""
    made = await extract(page, realms, "town/dunes.trk")
    again = await extract(page, realms, "town/dunes.trk")

    assert made["status"] == again["status"] == "ready"
    for each in (made, again):
        assert each["dependencies"]["modules"] == [FILE_API, f"{realms.origin}/town/track"]


async def test_other_bytes_than_a_definition_is_for_fall_back_to_the_one_above(
    page: Page, realms: ServedRealms
) -> None:
    made = await extract(page, realms, "town/other.trk", "Walk")

    assert made["status"] == "ready"
    assert made["types"][0] == "@cardstack/base/card-api/FileDef"
    assert made["searchDoc"]["extractionError"] == "It is no track."


@pytest.mark.parametrize(
    ("path", "name", "status", "said"),
    [
        ("town/broken.trk", "Walk", 500, "the reader broke"),
        ("town/dunes.trk", "NoFile", 422, "is no FileDef"),
        ("town/dunes.trk", "Trak", 404, 'Did you mean "Track"?'),
    ],
)
async def test_a_definition_that_fails_says_why_and_what_it_rests_on(
    page: Page, realms: ServedRealms, path: str, name: str, status: int, said: str
) -> None:
    made = await extract(page, realms, path, name)

    assert (made["status"], made["error"]["status"]) == ("error", status)
    assert said in made["error"]["message"]
    assert made["error"]["dependencies"] == [FILE_API, f"{realms.origin}/town/track"]


async def test_an_extract_is_a_visit_in_the_render_context(
    page: Page, realms: ServedRealms
) -> None:
    await page.evaluate("() => { delete globalThis.__boxelRenderContext; }")
    await extract(page, realms, "town/dunes.trk")

    look = """() => [
      document.documentElement.dataset.prerenderVisit,
      document.documentElement.dataset.prerenderStatus,
      __boxelRenderContext, __boxelConsumingRealm, __boxelJobId, __boxelJobPriority,
    ]"""
    assert await page.evaluate(look) == [
        "file-extract",
        "ready",
        True,
        f"{realms.origin}/town/",
        "7.1",
        10,
    ]
