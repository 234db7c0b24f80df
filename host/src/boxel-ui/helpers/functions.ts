/** Functions about functions, for modifiers and component arguments. */

/** The function, or one that does nothing. */
export function optional<F extends (...args: any[]) => any>(fn: F | undefined | null): F {
  return fn ?? ((() => undefined) as unknown as F);
}

/** `{{on "input" (pick "target.value" @set)}}`: hands on one member of what it is called with. */
export function pick(path: string, fn?: (value: any) => unknown): (subject: any) => unknown {
  return (subject) => {
    const value = path.split(".").reduce((at, name) => at?.[name], subject);
    return fn ? fn(value) : value;
  };
}

export function copyCardURLToClipboard(url: string): Promise<void> {
  return navigator.clipboard.writeText(url);
}
