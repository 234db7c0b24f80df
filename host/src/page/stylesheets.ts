/**
 * The scoped stylesheets that prerendered HTML needs, by id.
 *
 * HTML is shown only after its styles have arrived, so a card is never seen
 * undressed. A stylesheet that cannot be had is not worth waiting for.
 */

const PATIENCE_MS = 2000;

/** Put the stylesheets into the page; resolves when the new ones have loaded. */
export async function useStylesheets(ids: Iterable<string>): Promise<void> {
  const arrivals: Promise<void>[] = [];
  for (const id of new Set(ids)) {
    if (document.querySelector(`link[data-style-link="${CSS.escape(id)}"]`)) continue;
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = `/_styles/${id}.css`;
    link.dataset.styleLink = id;
    arrivals.push(arrival(link));
    document.head.append(link);
  }
  await Promise.all(arrivals);
}

/** The ids of the stylesheets another document links. */
export function stylesheetsOf(page: Document): string[] {
  const links = page.querySelectorAll<HTMLLinkElement>("link[data-style-link]");
  return Array.from(links, (link) => link.dataset.styleLink!);
}

function arrival(link: HTMLLinkElement): Promise<void> {
  return new Promise((resolve) => {
    link.addEventListener("load", () => resolve(), { once: true });
    link.addEventListener("error", () => resolve(), { once: true });
    setTimeout(resolve, PATIENCE_MS);
  });
}
