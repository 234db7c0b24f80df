// How a module makes its exports known to its page, whichever pipeline compiled it.

export interface Binding {
  exported: string;
  local: string;
  isImported: boolean;
}

/** The bindings in the groups that are registered together; imported ones stand alone. */
export function registrations(bindings: Binding[]): { own: Binding[]; imported: Binding[] } {
  // A class is known by the first name it registers, so its own names come before `default`.
  const own = bindings
    .filter((each) => !each.isImported)
    .sort((a, b) => Number(a.exported === "default") - Number(b.exported === "default"));
  return { own, imported: bindings.filter((each) => each.isImported) };
}
