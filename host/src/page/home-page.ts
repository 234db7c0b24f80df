/**
 * The realms of this server, their states and counts kept current.
 */

import { follow, type RealmEvent } from "../store/realm-events.ts";
import { type HomeData, replaceParts, type View } from "./hooks.ts";
import { askAgain } from "./navigation.ts";
import { RealmStatus } from "./realm-status.ts";

const SETTLING_MS = 400;
/** Streams a browser can hold to one server, less those that ordinary requests need. */
const MOST_FOLLOWED = 3;

export function mountHome(data: HomeData): View {
  const endings = new AbortController();
  let settling: ReturnType<typeof setTimeout> | undefined;

  async function lookAgain(): Promise<void> {
    const page = await askAgain(endings.signal).catch(() => null);
    if (page && !endings.signal.aborted) replaceParts(page, ["realms"]);
  }

  const unfollow = data.realms.slice(0, MOST_FOLLOWED).map(({ url, seq }) => {
    const status = new RealmStatus(url);
    const hear = (event: RealmEvent) => {
      status.hear(event);
      if (event.kind !== "indexed" && event.kind !== "missed") return;
      clearTimeout(settling);
      settling = setTimeout(() => void lookAgain(), SETTLING_MS);
    };
    return follow(url, hear, seq);
  });

  return {
    leave() {
      clearTimeout(settling);
      endings.abort();
      for (const stop of unfollow) stop();
    },
  };
}
