/**
 * Waiting for a server that cannot answer just now.
 *
 * A prerender page takes timers away from card code once it has booted; the ones here
 * were taken before.
 */

/** How long to wait before each further try, in milliseconds. */
export const PAUSES_MS = [100, 300, 900];

const BUSY = new Set([502, 503, 504]);
const startTimer = globalThis.setTimeout.bind(globalThis);

/** Whether an answer may be another one in a moment. */
export function isBusy(status: number): boolean {
  return BUSY.has(status);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    startTimer(resolve, ms);
  });
}
