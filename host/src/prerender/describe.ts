/**
 * Describing modules: import each, tell its exports and the definitions among them.
 *
 * The server learns from this which fields a definition has, so that a search
 * over it can be checked without a browser.
 */

import { isDefinition } from "../card-api/fields/field.ts";
import { definitionOf } from "../card-api/index.ts";
import { moduleIdentity, typeKey } from "../loader/addresses.ts";
import { loader } from "../loader/loader.ts";
import { ModuleError } from "../loader/module-error.ts";
import type { Job } from "../loader/render-context.ts";
import { beginListening, failureOf } from "./failures.ts";
import { begin, end } from "./status.ts";
import type { DescribeRequest, ModuleDescription } from "./visit-contract.ts";

export async function describe(request: DescribeRequest): Promise<ModuleDescription[]> {
  loader.setEpoch(request.epoch);
  const descriptions: ModuleDescription[] = [];
  for (const url of request.modules) descriptions.push(await describeModule(url, request));
  return descriptions;
}

async function describeModule(url: string, job: Job): Promise<ModuleDescription> {
  const description: ModuleDescription = {
    url,
    exports: [],
    definitions: {},
    aliases: {},
    error: null,
    dependencies: [],
  };
  beginListening();
  begin("module", url, job);
  try {
    const exports = await loader.import(url);
    description.exports = Object.keys(exports).sort();
    const module = moduleIdentity(url);
    for (const [name, value] of Object.entries(exports)) {
      const definition = isDefinition(value) ? definitionOf(value) : undefined;
      if (!definition) continue;
      const key = typeKey(definition.codeRef);
      description.definitions[key] = definition;
      if (key !== typeKey({ module, name })) description.aliases[name] = key;
    }
    const entry = await loader.manifests.find(moduleIdentity(url));
    description.dependencies = entry?.dependencies ?? [];
  } catch (error) {
    description.error = failureOf(error);
    if (error instanceof ModuleError) description.dependencies = error.dependencies;
  }
  end(description.error ? "error" : "ready");
  return description;
}
