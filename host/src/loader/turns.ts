/**
 * Turns of the event loop, taken on a message channel: timers of a page may be
 * stubbed, and animation frames stop in a page nobody sees.
 */

const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();

/** Resolve in a new turn of the event loop, after every microtask that is due. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    channel.port2.postMessage(null);
  });
}
