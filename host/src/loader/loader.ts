/**
 * Importing card code: from a module's identity to its exports.
 *
 * The browser's own module system does the work; this finds the versioned
 * address in the realm's manifest first, and refuses a module the server
 * already knows to be broken, with the server's words. A missing export is
 * reported with the module, the asker and the nearest name.
 */

import type { CodeRef } from "./code-refs.ts";

export interface Loader {
  /** The exports of a module. Throws ModuleError. */
  import(spelling: string, importer?: string): Promise<Record<string, unknown>>;
  /** The class a code ref names. Throws ModuleError when there is none. */
  loadClass(ref: CodeRef, relativeTo?: string): Promise<unknown>;
  /** Say which manifest epoch is current; another one makes every manifest be asked for again. */
  setEpoch(epoch: string): void;
}
