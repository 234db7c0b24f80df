/**
 * Importing card code: from a module's identity to its exports.
 *
 * The browser's own module system does the work; this finds the versioned
 * address in the realm's manifest first, and refuses a module the server
 * already knows to be broken, with the server's words. A missing export is
 * reported with the module, the asker and the nearest name. The manifests say
 * which version is current; an older one is never answered with.
 */

import { moduleIdentity, realmOf } from "./addresses.ts";
import type { CodeRef } from "./code-refs.ts";
import { type ManifestError, type ManifestModule, Manifests } from "./manifests.ts";
import { ModuleError } from "./module-error.ts";
import { didYouMean } from "./near-miss.ts";

export type ModuleExports = Record<string, unknown>;

export class Loader {
  readonly manifests = new Manifests();
  #epoch: string | undefined;
  /** What has been imported, by identity; the browser keeps it too, but slowly. */
  #imported = new Map<string, { version: string; exports: ModuleExports }>();

  /** The exports of a module. Throws ModuleError. */
  async import(spelling: string, importer?: string): Promise<ModuleExports> {
    const module = moduleIdentity(spelling, importer);
    const entry = await this.manifests.find(module);
    if (!entry) throw await this.#missingModule(module, importer);
    const [error] = entry.errors;
    if (error) throw brokenModule(module, error, importer);
    const imported = this.#imported.get(module);
    if (imported?.version === entry.version) return imported.exports;
    const exports = await importNatively(module, entry);
    this.#imported.set(module, { version: entry.version, exports });
    return exports;
  }

  /** The class a code ref names. Throws ModuleError when there is none. */
  async loadClass(ref: CodeRef, relativeTo?: string): Promise<unknown> {
    const exports = await this.import(ref.module, relativeTo);
    const found = exports[ref.name];
    if (typeof found === "function") return found;
    throw missingExport(moduleIdentity(ref.module, relativeTo), ref.name, exports, relativeTo);
  }

  /** Say which manifest epoch is current; true when it is another one than before. */
  setEpoch(epoch: string): boolean {
    if (epoch === this.#epoch) return false;
    this.#epoch = epoch;
    this.manifests.expire();
    return true;
  }

  /** Whether something imported here has another version by now. Asks for the manifests again. */
  async isOutdated(): Promise<boolean> {
    this.manifests.expire();
    for (const [module, { version }] of this.#imported) {
      const entry = await this.manifests.find(module).catch(() => undefined);
      if (entry?.version !== version) return true;
    }
    return false;
  }

  /** After every instance of an old class is gone: old versions no longer count as imported. */
  forgetVersions(): void {
    this.#imported.clear();
  }

  async #missingModule(module: string, importer?: string): Promise<ModuleError> {
    const { modules } = await this.manifests.of(realmOf(module));
    return new ModuleError({
      status: 404,
      title: "Module not found",
      message: `The module ${module} was not found${wantedBy(importer)}.${didYouMean(module, Object.keys(modules))}`,
      dependencies: [module],
    });
  }
}

/** The page's loader: modules are kept by the page, so there is one. */
export const loader = new Loader();

function brokenModule(module: string, error: ManifestError, importer?: string): ModuleError {
  const needed = error.module && error.module !== module ? ` It is needed by ${module}.` : "";
  return new ModuleError({
    status: 406,
    title: error.title,
    message: `${sentence(`${error.detail}${placeOf(error)}`)}${needed}${wantedBy(importer, " Adopted by ", ".")}`,
    dependencies: [module, error.module, error.importer].filter((each) => each != null),
  });
}

function placeOf({ line, column, detail }: ManifestError): string {
  if (!line || detail.includes(`line ${line}`)) return "";
  // Editors count columns from one.
  return ` (line ${line}, column ${(column ?? 0) + 1})`;
}

function sentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

function wantedBy(importer: string | undefined, before = ", adopted by ", after = ""): string {
  return importer ? `${before}${importer}${after}` : "";
}

async function importNatively(module: string, entry: ManifestModule): Promise<ModuleExports> {
  try {
    return await import(entry.href);
  } catch (cause) {
    // The browser does not say which of the modules below could not be fetched.
    const isUnfetched = cause instanceof TypeError && /dynamically imported/.test(cause.message);
    throw new ModuleError({
      status: isUnfetched ? 503 : 500,
      title: isUnfetched ? "Module not fetched" : "Module failed",
      message: isUnfetched
        ? `The module ${module}, or one it imports, could not be fetched.`
        : `The module ${module} failed while it was evaluated: ${messageOf(cause)}`,
      dependencies: [module],
      cause,
    });
  }
}

function missingExport(
  module: string,
  name: string,
  exports: ModuleExports,
  importer?: string,
): ModuleError {
  return new ModuleError({
    status: 404,
    title: "Definition not found",
    message: `${module} does not export a class "${name}"${wantedBy(importer)}.${didYouMean(name, Object.keys(exports))}`,
    dependencies: [module],
  });
}

export function messageOf(error: unknown): string {
  return error instanceof Error && error.message ? error.message : String(error);
}
