/**
 * What each realm says about its modules: versions, dependencies, errors.
 *
 * A manifest is fetched when a module of its realm is first wanted and kept
 * until it expires; the browser's HTTP cache revalidates it by ETag, so asking
 * again is cheap when nothing changed.
 */

import { realmOf } from "./addresses.ts";
import { ModuleError } from "./module-error.ts";

export interface Manifest {
  epoch: string;
  /** By module identity. */
  modules: Record<string, ManifestModule>;
}

export interface ManifestModule {
  /** The immutable, versioned address. */
  href: string;
  version: string;
  dependencies: string[];
  /** Its own and those of everything it imports; a module with errors is never imported. */
  errors: ManifestError[];
}

export interface ManifestError {
  title: string;
  detail: string;
  /** The identity of what is broken or missing. */
  module?: string | null;
  importer?: string | null;
  line?: number | null;
  column?: number | null;
}

const MEDIA_TYPE = "application/vnd.api+json";

export class Manifests {
  #current = new Map<string, Promise<Manifest>>();

  /** The manifest of a realm. Throws ModuleError when the realm does not give one. */
  of(realm: string): Promise<Manifest> {
    let manifest = this.#current.get(realm);
    if (!manifest) {
      manifest = fetchManifest(realm);
      this.#current.set(realm, manifest);
      // A failure is the asker's only: the next one asks again.
      manifest.catch(() => this.#current.delete(realm));
    }
    return manifest;
  }

  /** Every manifest is asked for again before it is next used. */
  expire(): void {
    this.#current.clear();
  }

  realms(): string[] {
    return [...this.#current.keys()];
  }

  /** A module's entry, wherever it lies; undefined when its realm does not have it. */
  async find(module: string): Promise<ManifestModule | undefined> {
    return (await this.of(realmOf(module))).modules[module];
  }
}

async function fetchManifest(realm: string): Promise<Manifest> {
  const url = `${realm}_modules`;
  let response: Response;
  try {
    response = await fetch(url, { headers: { Accept: MEDIA_TYPE }, cache: "no-cache" });
  } catch (error) {
    throw unanswered(url, String(error));
  }
  if (!response.ok) throw unanswered(url, `it answered ${response.status}`);
  const { data } = await response.json();
  return data.attributes;
}

function unanswered(url: string, reason: string): ModuleError {
  return new ModuleError({
    status: 503,
    title: "Manifest not available",
    message: `The module manifest ${url} could not be read: ${reason}.`,
    dependencies: [],
  });
}
