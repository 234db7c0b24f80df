/**
 * The page people use: takes over what the server sent.
 *
 * This script is small. The card engine and the runtime are imported only by a
 * card's page, and only after its HTML can be read.
 */

import { mountCard } from "./card-page.ts";
import { mountHome } from "./home-page.ts";
import type { PageData, View } from "./hooks.ts";
import { start } from "./navigation.ts";
import { mountRealm } from "./realm-page.ts";

function mount(main: HTMLElement, data: PageData): View {
  switch (data.kind) {
    case "home":
      return mountHome(data);
    case "realm":
      return mountRealm(main, data);
    case "card":
      return mountCard(main, data);
    case "error":
      return { leave() {} };
  }
}

start(mount);
document.documentElement.dataset.realmkitPage = "ready";
