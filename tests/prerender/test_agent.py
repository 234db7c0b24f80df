"""Whatever a page that renders sends says so: the server refuses its writes by that."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from realmkit.config import find_chromium
from realmkit.http.origins import is_rendering
from realmkit.prerender.browser import Browser
from realmkit.prerender.page import open_page

pytestmark = pytest.mark.anyio

# Each says another name for itself where it can.
SEND_ALL = """async () => {
  const write = (what) => [`${location.origin}/${what}`, { method: 'POST', headers: { 'User-Agent': 'x' } }];
  const sent = (port) => new Promise((done) => { port.onmessage = done; });
  await fetch(...write('fetch'));
  await fetch(write('kept')[0], { ...write('kept')[1], keepalive: true });
  const frame = document.createElement('iframe');
  document.body.append(frame);
  await frame.contentWindow.fetch(...write('frame'));
  const request = new frame.contentWindow.XMLHttpRequest();
  request.open('POST', '/xhr');
  request.setRequestHeader('User-Agent', 'x');
  await new Promise((done) => { request.onloadend = done; request.send(); });
  const script = (ending) => URL.createObjectURL(new Blob([ending]));
  const worker = new Worker(script(`fetch(...${JSON.stringify(write('worker'))}).then(() => postMessage(1))`));
  await sent(worker);
  const shared = new SharedWorker(script(
    `onconnect = ({ ports: [port] }) => fetch(...${JSON.stringify(write('shared'))}).then(() => port.postMessage(1))`));
  await sent(shared.port);
  Navigator.prototype.sendBeacon.call(navigator, '/beacon', 'x');
}"""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    browser = Browser(find_chromium())
    yield browser
    await browser.stop()


async def test_no_script_of_a_page_can_write_as_somebody_else(browser: Browser):
    agents: dict[str, str] = {}
    is_complete = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split(" ", 2)
        headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        if method == "POST":
            agents[path] = headers["User-Agent"]
        body = b"<!doctype html><html data-realmkit='ready'><body></body></html>"
        writer.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n"
            b"content-length: %d\r\n\r\n%s" % (len(body), body)
        )
        await writer.drain()
        writer.close()
        if path == "/beacon":
            is_complete.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        process = await browser.running()
        page = await open_page(process.connection, url, timeout_s=30)
        await page.call(SEND_ALL, None, patience_s=30)
        async with asyncio.timeout(30):
            await is_complete.wait()
        await page.close()

    ways = {"/fetch", "/kept", "/frame", "/xhr", "/worker", "/shared", "/beacon"}
    assert set(agents) == ways
    assert all(is_rendering(agent) for agent in agents.values()), agents
