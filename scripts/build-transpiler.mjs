/**
 * Bundle the transpiler: `transpiler.mjs`, the worker the server runs, and
 * `transpile.mjs`, the same function for build scripts.
 *
 * Everything is bundled, so a worker starts fast and its version, a hash over the
 * bundle, says all about its output. content-tag's WebAssembly lies beside it.
 */
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { buildIcons } from "./build-icons.mjs";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

// The CommonJS packages inside the bundle expect these three names.
const BANNER = `
import { createRequire as __createRequire } from "node:module";
import { fileURLToPath as __fileURLToPath } from "node:url";
const require = __createRequire(import.meta.url);
const __filename = __fileURLToPath(import.meta.url);
const __dirname = __fileURLToPath(new URL(".", import.meta.url));
`;

/**
 * Build into `outDir`, with the icons that it compiles beside it; resolves to `{ transpile, assemble, version }` of what was built.
 */
export async function buildTranspiler({
  root = ROOT,
  outDir = path.join(root, "src/realmkit/static/transpiler"),
} = {}) {
  await mkdir(outDir, { recursive: true });
  await copyFile(
    path.join(root, "node_modules/content-tag/pkg/node/content_tag_bg.wasm"),
    path.join(outDir, "content_tag_bg.wasm"),
  );
  await buildIcons({ root, outDir: path.dirname(outDir) });
  const library = await bundle(root, "transpile.ts", "unversioned");
  const worker = await bundle(root, "worker.ts", "unversioned");
  const wasm = await readFile(path.join(outDir, "content_tag_bg.wasm"));
  const version = createHash("sha256").update(worker).update(wasm).digest("hex").slice(0, 16);
  await place(path.join(outDir, "transpile.mjs"), library);
  await place(path.join(outDir, "version.json"), JSON.stringify({ version }));
  // Last, because its presence says that the build is complete.
  await place(path.join(outDir, "transpiler.mjs"), await bundle(root, "worker.ts", version));
  const address = pathToFileURL(path.join(outDir, "transpile.mjs"));
  address.searchParams.set("v", version);
  const { transpile, assemble } = await import(address.href);
  return { transpile, assemble, version };
}

async function bundle(root, entry, version) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [path.join(root, "transpiler/src", entry)],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node20",
    // Names stay: stack traces and some tools read them.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    logLevel: "warning",
    banner: { js: BANNER },
    // Babel looks for it only to explain a missing preset.
    external: ["@babel/preset-typescript/package.json"],
    define: { __TRANSPILER_VERSION__: JSON.stringify(version) },
  });
  return result.outputFiles[0].text;
}

// A worker that starts during a build reads the old program or the new one, never half.
async function place(file, text) {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}
