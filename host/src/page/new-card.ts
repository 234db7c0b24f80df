/**
 * Making a card: choose its type, then fill it in.
 *
 * The card is created empty and opened in its edit form, which saves as one
 * types; a card made by mistake is deleted from there.
 */

import { announce, build } from "./hooks.ts";
import { go } from "./navigation.ts";
import { ask, CARD } from "./requests.ts";

interface TypeSummary {
  id: string;
  attributes: { displayName: string; total: number };
}

/** Ask for a type in a dialog; choosing one makes a card of it and opens it. */
export async function chooseNewCard(realmURL: string): Promise<void> {
  const response = await ask(`${realmURL}_types`, { headers: { Accept: "application/json" } });
  const { data } = (await response.json()) as { data: TypeSummary[] };
  const choices = build("ul", { class: "rk-choices" });
  choices.setAttribute("role", "list");
  const cancel = build("button", { class: "rk-button", text: "Cancel", data: { kind: "quiet" } });
  const dialog = build(
    "dialog",
    { class: "rk-dialog" },
    build("h2", { text: "New card" }),
    build("p", { text: "Which type is it?" }),
    choices,
    build("div", { class: "rk-dialog-foot" }, cancel),
  );
  for (const type of data) {
    const { displayName, total } = type.attributes;
    const button = build(
      "button",
      { text: displayName },
      build("span", { class: "rk-choices-count", text: total === 1 ? "1 card" : `${total} cards` }),
    );
    button.addEventListener("click", () => {
      dialog.close();
      void create(realmURL, type.id);
    });
    choices.append(build("li", {}, button));
  }
  cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

async function create(realmURL: string, typeKey: string): Promise<void> {
  const slash = typeKey.lastIndexOf("/");
  const adoptsFrom = { module: typeKey.slice(0, slash), name: typeKey.slice(slash + 1) };
  try {
    const response = await ask(realmURL, {
      method: "POST",
      headers: { Accept: CARD, "Content-Type": CARD },
      body: JSON.stringify({ data: { type: "card", attributes: {}, meta: { adoptsFrom } } }),
    });
    const document = (await response.json()) as { data: { id: string } };
    await go(`${document.data.id}?show=edit`);
  } catch (error) {
    announce(`The card could not be made: ${(error as Error).message}`);
  }
}
