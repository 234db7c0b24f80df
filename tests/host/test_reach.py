"""What a page that renders may ask: its own server, and hosts that a setting allows."""

from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser

from realmkit.http.static import prerender_policy

from ..support.other_server import other_server
from .served_realms import ServedRealms

pytestmark = pytest.mark.anyio

ASK = """async (url) => {
  const asks = [
    fetch(url + '/fetched', { mode: 'no-cors' }),
    new Promise((done, failed) => {
      const image = new Image();
      image.onload = image.onerror = done;
      image.src = url + '/image.png';
    }),
    import(url + '/module.js'),
  ];
  await Promise.allSettled(asks);
}"""


async def test_addresses_that_no_setting_allows_are_not_asked(
    browser: Browser, realms: ServedRealms
) -> None:
    async with other_server() as allowed, other_server() as private:
        policy = prerender_policy(realms.origin, [urlsplit(allowed.url).netloc])
        realms.blank_headers["content-security-policy"] = policy
        page = await browser.new_page()
        await page.goto(f"{realms.origin}/_blank")
        for url in (allowed.url, private.url):
            await page.evaluate(ASK, url)
        await page.close()

        assert sorted(path for _, path in allowed.asked) == ["/fetched", "/image.png", "/module.js"]
        assert private.asked == []
