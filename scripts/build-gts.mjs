/**
 * Let esbuild bundle the host's own `.gts` files, with the transpiler that card code gets.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

let loading;

/** The esbuild plugin; `root` is the repository's folder. */
export function glimmerTemplates(root) {
  return {
    name: "glimmer-templates",
    setup(plugin) {
      plugin.onLoad({ filter: /\.(?:gts|gjs)$/ }, async ({ path: file }) => {
        loading ??= loadTranspiler(root);
        const { transpile, assemble } = await loading;
        const source = await readFile(file, "utf8");
        try {
          const module = transpile(source, path.relative(root, file), { runtime: "none" });
          return { contents: withStyles(root, assemble(module), module.styles), loader: "js" };
        } catch (error) {
          return { errors: [{ text: error.message, location: locationOf(error, root, file) }] };
        }
      });
    },
  };
}

// Built before the host is; see build.mjs.
function loadTranspiler(root) {
  return import(
    pathToFileURL(path.join(root, "src/realmkit/static/transpiler/transpile.mjs")).href
  );
}

function withStyles(root, code, styles) {
  if (styles.length === 0) return code;
  const registry = JSON.stringify(path.join(root, "host/src/loader/styles.ts"));
  const calls = styles.map(
    ({ id, css }) => `addStyle(${JSON.stringify(id)}, ${JSON.stringify(css)});`,
  );
  return [code, `import { addStyle } from ${registry};`, ...calls].join("\n");
}

function locationOf(error, root, file) {
  const { line, column } = error;
  return line ? { file: path.relative(root, file), line, column: column ?? 0 } : undefined;
}
