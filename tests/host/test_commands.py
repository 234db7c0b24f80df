"""Commands in a prerender page: what runs, with which rights, and what comes back."""

from typing import Any

import pytest
from playwright.async_api import Page

from .cards import PERSON
from .served_realms import ServedRealms

pytestmark = pytest.mark.anyio

COMMANDS = """
import { Command } from '@cardstack/runtime-common';
import { Person } from './person';

export const add = ({ left, right }) => left + right;
export class Greet extends Command {
  async getInputType() { return Person; }
  async run(person) { return { greeting: `Hello, ${person.fullName}` }; }
}
export class Promote extends Command {
  async run({ name }) { return new Person({ firstName: name, lastName: 'Boss' }); }
}
export class Bare extends Command {}
export const ask = async () => {
  await fetch(new URL('./_search', import.meta.url), { method: 'QUERY', body: '{}' });
};
export const write = () => fetch(new URL('./ann', import.meta.url), { method: 'DELETE' });
export const wait = () => new Promise((done) => { setTimeout(done); throw new Error('late'); });
export const circle = () => { const one = {}; one.one = one; return one; };
"""


@pytest.fixture(autouse=True)
def commands(realms: ServedRealms) -> None:
    realms.files["town/person.gts"] = PERSON
    realms.files["town/commands.gts"] = COMMANDS


async def run(page: Page, realms: ServedRealms, name: str, value: object = None) -> Any:
    request = {
        "url": f"{realms.origin}/town/",
        "command": {"module": "./commands", "name": name},
        "input": value,
        "epoch": realms.epoch,
        "jobId": "7.1",
        "jobPriority": 10,
    }
    [answer] = await page.evaluate("(request) => __realmkit.run(request)", request)
    return answer


@pytest.mark.parametrize(
    ("name", "value", "result"),
    [
        ("add", {"left": 2, "right": 3}, 5),
        ("Greet", {"firstName": "Ann", "lastName": "Lee"}, {"greeting": "Hello, Ann Lee"}),
        ("ask", None, None),
    ],
)
async def test_a_command_is_run(
    page: Page, realms: ServedRealms, name: str, value: object, result: object
) -> None:
    answer = await run(page, realms, name, value)

    assert (answer["status"], answer["result"], answer["error"]) == ("ready", result, None)


async def test_a_card_comes_back_as_its_resource(page: Page, realms: ServedRealms) -> None:
    answer = await run(page, realms, "Promote", {"name": "Ann"})

    assert answer["result"]["attributes"]["fullName"] == "Ann Boss"
    assert answer["result"]["meta"]["adoptsFrom"]["name"] == "Person"


async def test_a_command_runs_in_the_render_context(page: Page, realms: ServedRealms) -> None:
    await page.evaluate("() => { delete globalThis.__boxelRenderContext; }")
    await run(page, realms, "ask")

    [asked] = realms.asked_for("_search")
    assert asked.headers["x-boxel-during-prerender"] == "1"
    assert asked.headers["x-boxel-consuming-realm"] == f"{realms.origin}/town/"
    assert asked.headers["x-boxel-job-id"] == "7.1"
    assert asked.headers["x-boxel-job-priority"] == "10"
    look = "() => Object.values({ ...document.documentElement.dataset }).join(' ')"
    assert "command-runner ready" in await page.evaluate(look)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("write", "Rendering writes nothing"),
        ("wait", "late"),
        ("circle", "circular"),
        ("Bare", "cannot run here"),
        ("ad", 'Did you mean "add"?'),
    ],
)
async def test_a_command_that_fails_says_why(
    page: Page, realms: ServedRealms, name: str, said: str
) -> None:
    answer = await run(page, realms, name)

    assert (answer["status"], answer["result"]) == ("error", None)
    assert said in answer["error"]["message"]
    assert [asked.method for asked in realms.asked if asked.method == "DELETE"] == []
    # The page is as good as before.
    assert (await run(page, realms, "add", {"left": 1, "right": 1}))["result"] == 2
