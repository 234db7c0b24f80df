/**
 * What a person sees of saving: the state in the bar, refusals and conflicts.
 *
 * The store does the saving. A conflict is someone else's change to the card
 * that is being edited; nothing is thrown away until the person has chosen.
 */

import type { SaveState } from "../store/store.ts";
import { build, marked, maybeHook } from "./hooks.ts";

export interface ConflictChoices {
  keepMine(): Promise<void>;
  takeTheirs(): Promise<void>;
}

const WORDS: Record<SaveState["status"], string> = {
  saved: "Saved",
  unsaved: "Saving…",
  saving: "Saving…",
  conflict: "Changed by someone else",
  failed: "Could not save",
};

/** Show `state` in the bar, and above the form what the person must decide or mend. */
export function showSaving(state: SaveState, choices: ConflictChoices): void {
  const line = maybeHook("saving");
  if (line) {
    line.dataset.state = state.status;
    line.textContent = WORDS[state.status];
    if (state.status === "failed" && state.message) line.textContent += `: ${state.message}`;
    line.title = line.textContent;
  }
  const place = maybeHook("conflict");
  if (!place) return;
  if (state.status === "conflict") {
    // Saving goes on being refused while one types; the question stands already.
    if (!place.firstChild) place.replaceChildren(question(choices));
  } else if (state.status === "failed") {
    place.replaceChildren(refusal(state));
  } else {
    place.replaceChildren();
  }
  markField(state);
}

/** Say nothing: the shown card has not been edited. */
export function showNoSaving(): void {
  maybeHook("saving")?.replaceChildren();
  maybeHook("conflict")?.replaceChildren();
}

function question(choices: ConflictChoices): HTMLElement {
  const mine = build("button", { class: "rk-button", text: "Keep mine", data: { size: "small" } });
  const theirs = build("button", {
    class: "rk-button",
    text: "Take theirs",
    data: { size: "small" },
  });
  mine.addEventListener("click", () => void choices.keepMine());
  theirs.addEventListener("click", () => void choices.takeTheirs());
  const box = build(
    "div",
    { class: "rk-conflict" },
    build("p", { class: "rk-notice-title", text: "Someone else changed this card" }),
    build("p", {
      class: "rk-notice-detail",
      text: "Your changes are not saved yet. Keep yours and write over theirs, or take theirs and lose yours.",
    }),
    build("div", { class: "rk-conflict-choices" }, mine, theirs),
  );
  box.setAttribute("role", "alert");
  return box;
}

function refusal(state: SaveState): HTMLElement {
  const field = fieldNameOf(state.pointer);
  const box = build(
    "div",
    { class: "rk-notice" },
    build("p", {
      class: "rk-notice-title",
      text: field ? `${field} cannot be saved` : "Not saved",
    }),
    build(
      "p",
      { class: "rk-notice-detail" },
      ...marked(state.message ?? "The server refused the change."),
      ...(state.isTakenBack ? marked(" Your change was taken back.") : []),
    ),
  );
  box.setAttribute("role", "alert");
  return box;
}

function markField(state: SaveState): void {
  for (const marked of document.querySelectorAll("[data-realmkit-refused]")) {
    marked.removeAttribute("data-realmkit-refused");
    marked.removeAttribute("aria-invalid");
  }
  const name = state.status === "failed" ? fieldNameOf(state.pointer) : undefined;
  if (!name) return;
  const field = document.querySelector(
    `[data-realmkit-sheet="edit"] [data-field="${CSS.escape(name)}"]`,
  );
  field?.setAttribute("data-realmkit-refused", "");
  field?.querySelector("input, textarea, select")?.setAttribute("aria-invalid", "true");
}

/** The field a JSON pointer such as `/data/attributes/name` leads to. */
function fieldNameOf(pointer: string | undefined): string | undefined {
  return pointer?.match(/^\/data\/(?:attributes|relationships)\/([^/.]+)/)?.[1];
}
