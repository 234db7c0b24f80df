/**
 * Whether what is read waits for a card or for search results that are not here yet.
 *
 * Until they are, a link reads `undefined` and a query-backed field as what it was, so
 * what is computed from them says nothing.
 */

let isWaiting = false;

/** Something was read that is still to come. */
export function noteWaiting(): void {
  isWaiting = true;
}

/** What `read` answers; `undefined` if it met anything that is still to come. */
export function whenHere<Value>(read: () => Value): Value | undefined {
  const outer = isWaiting;
  isWaiting = false;
  try {
    const value = read();
    return isWaiting ? undefined : value;
  } finally {
    isWaiting ||= outer;
  }
}
