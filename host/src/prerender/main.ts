/**
 * The prerender page: boots, then answers `__realmkit.visit`, `.describe`, `.extract`
 * and `.run`.
 *
 * It never navigates. Its state lasts from call to call only in modules, which
 * have versioned addresses, so an old one is never taken for a new one.
 */

import "../runtime/main.ts";
import { messageOf } from "../loader/loader.ts";
import { enterRenderContext } from "../loader/render-context.ts";
import { describe } from "./describe.ts";
import { extract } from "./extract.ts";
import { listenForErrors } from "./failures.ts";
import { quieten } from "./quiet-page.ts";
import { run } from "./run-command.ts";
import { visit } from "./visit.ts";

const { dataset } = document.documentElement;
try {
  enterRenderContext();
  listenForErrors(window);
  quieten(window);
  Object.assign(globalThis.__realmkit, { visit, describe, extract, run });
  dataset.realmkit = "ready";
} catch (error) {
  dataset.realmkitError = messageOf(error);
  dataset.realmkit = "failed";
}
