/**
 * One save at a time, and how much has happened since.
 *
 * A card's ETag covers what its document shows, linked cards included, so saving one
 * card makes the tags of those that show it old ones. Saves therefore wait for each
 * other, and each knows whether its tag is from before the last one: then it reads
 * the card again first, and no save is refused for what this page did itself.
 */

export class SaveQueue {
  /** Counts saves and announcements: a tag is current while this stands still. */
  changes = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** Run `save` when those before it have ended. */
  run<T>(save: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(save);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  realmChanged(): void {
    this.changes += 1;
  }
}
