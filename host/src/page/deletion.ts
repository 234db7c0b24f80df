/**
 * Deleting a card, once the person has said so twice.
 */

import { announce, build, type CardData } from "./hooks.ts";
import { go } from "./navigation.ts";
import { ask, CARD } from "./requests.ts";

/** Ask whether to delete the card; on yes, delete it and go to its realm. */
export function confirmDeletion(card: CardData): void {
  const cancel = build("button", { class: "rk-button", text: "Keep it", data: { kind: "quiet" } });
  const confirm = build("button", {
    class: "rk-button",
    text: "Delete",
    data: { kind: "danger" },
  });
  const dialog = build(
    "dialog",
    { class: "rk-dialog" },
    build("h2", { text: `Delete ${card.title}?` }),
    build("p", {
      text: "Its file leaves the realm’s folder. Cards that link to it will show a broken link.",
    }),
    build("div", { class: "rk-dialog-foot" }, cancel, confirm),
  );
  cancel.addEventListener("click", () => dialog.close());
  confirm.addEventListener("click", () => {
    dialog.close();
    void remove(card);
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

async function remove(card: CardData): Promise<void> {
  try {
    await ask(card.id, { method: "DELETE", headers: { Accept: CARD } });
    await go(card.realmURL, { replace: true });
    announce(`${card.title} was deleted.`);
  } catch (error) {
    announce(`${card.title} could not be deleted: ${(error as Error).message}`);
  }
}
