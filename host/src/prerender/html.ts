/** The HTML of a rendered root, as it is stored. */

const EMBER_ID = /^ember\d+$/;

/** `root`'s content without what only means something in this page. */
export function serializeHTML(root: Element): string {
  for (const element of root.querySelectorAll('[id^="ember"]')) {
    if (EMBER_ID.test(element.id)) element.removeAttribute("id");
  }
  reflectFormState(root);
  // Glimmer keeps its places with empty comments.
  return root.innerHTML.replaceAll("<!---->", "").trim();
}

// What a person would see in a form lies in properties, which HTML does not hold.
function reflectFormState(root: Element): void {
  for (const input of root.querySelectorAll("input")) {
    if (input.type === "checkbox" || input.type === "radio") {
      input.toggleAttribute("checked", input.checked);
    } else if (input.type !== "file" && input.value !== "") {
      input.setAttribute("value", input.value);
    }
  }
  for (const area of root.querySelectorAll("textarea")) area.textContent = area.value;
  for (const option of root.querySelectorAll("option")) {
    option.toggleAttribute("selected", option.selected);
  }
}
