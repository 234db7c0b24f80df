/**
 * Importing card code: from a module's identity to its exports.
 *
 * The browser's own module system does the work; this finds the versioned
 * address in the realm's manifest first, and refuses a module the server
 * already knows to be broken, with the server's words. A missing export is
 * reported with the module, the asker and the nearest name. The manifests say
 * which version is current; an older one is never answered with. A module that the
 * server could not answer just now is asked for again a few times.
 */

import { moduleIdentity, realmOf } from "./addresses.ts";
import type { CodeRef } from "./code-refs.ts";
import { type ManifestError, type ManifestModule, Manifests } from "./manifests.ts";
import { ModuleError } from "./module-error.ts";
import { didYouMean } from "./near-miss.ts";
import { isBusy, PAUSES_MS, pause } from "./patience.ts";

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
    if (error) throw brokenModule(module, error);
    const imported = this.#imported.get(module);
    if (imported?.version === entry.version) return imported.exports;
    const exports = await this.#importNatively(module, entry);
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

  async #importNatively(module: string, entry: ManifestModule): Promise<ModuleExports> {
    for (let tries = 0; ; tries++) {
      try {
        return await import(entry.href);
      } catch (cause) {
        if (!isUnfetched(cause)) throw failedModule(module, entry, cause);
        const refused = await this.#refused([module, ...entry.dependencies]);
        const isWorthIt = refused.every(({ status }) => isBusy(status));
        if (!isWorthIt || tries === PAUSES_MS.length) throw unfetchedModule(module, refused, cause);
        if (refused.length > 0) await pause(PAUSES_MS[tries]!);
      }
    }
  }

  // The browser does not say which of the modules below could not be fetched, or why.
  async #refused(modules: string[]): Promise<Refusal[]> {
    const answers = await Promise.all(
      modules.map(async (each) => {
        const href = (await this.manifests.find(each).catch(() => undefined))?.href;
        if (!href) return { module: each, status: 404 };
        const { status } = await fetch(href).catch(() => ({ status: 503 }));
        return { module: each, status };
      }),
    );
    return answers.filter(({ status }) => status >= 400);
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

function brokenModule(module: string, error: ManifestError): ModuleError {
  const needed = error.module && error.module !== module ? ` It is needed by ${module}.` : "";
  return new ModuleError({
    status: 406,
    title: error.title,
    message: `${sentence(`${error.detail}${placeOf(error)}`)}${needed}`,
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

function wantedBy(importer: string | undefined): string {
  return importer ? `, adopted by ${importer}` : "";
}

/** A module that the server did not hand out, and what it answered. */
interface Refusal {
  module: string;
  status: number;
}

function isUnfetched(cause: unknown): boolean {
  return cause instanceof TypeError && /dynamically imported/.test(cause.message);
}

function unfetchedModule(module: string, refused: Refusal[], cause: unknown): ModuleError {
  const named = refused.map((each) => `${each.module} answered ${each.status}`).join(", ");
  return new ModuleError({
    status: 503,
    title: "Module not fetched",
    message: `The module ${module}, or one it imports, could not be fetched${named && `: ${named}`}.`,
    dependencies: [...new Set([module, ...refused.map((each) => each.module)])],
    cause,
  });
}

function failedModule(module: string, entry: ManifestModule, cause: unknown): ModuleError {
  return new ModuleError({
    status: 500,
    title: "Module failed",
    message: `The module ${module} failed while it was evaluated: ${messageOf(cause)}`,
    // Which module below it threw is not known.
    dependencies: [module, ...entry.dependencies],
    cause,
  });
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
