/**
 * Bundle the transpiler: `transpiler.mjs`, the worker the server runs,
 * `transpile.mjs`, the same function for build scripts, and `babel.cjs`, the
 * reference pipeline that both load when they need it.
 *
 * Everything is bundled, so a worker starts fast and its version, a hash over what is
 * there, says all about its output. content-tag's WebAssembly and the binary of oxc's
 * parser for this machine lie beside it.
 */
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
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
  const binaries = [
    path.join(root, "node_modules/content-tag/pkg/node/content_tag_bg.wasm"),
    ...(await parserBinaries(root)),
  ];
  for (const each of binaries) await replace(each, path.join(outDir, path.basename(each)));
  await buildIcons({ root, outDir: path.dirname(outDir) });
  const reference = await bundle(root, "babel/compile.ts", { format: "cjs" });
  const library = await bundle(root, "transpile.ts");
  const hash = createHash("sha256")
    .update(await bundle(root, "worker.ts"))
    .update(reference);
  for (const each of binaries) hash.update(await readFile(each));
  const version = hash.digest("hex").slice(0, 16);
  await place(path.join(outDir, "babel.cjs"), reference);
  await place(path.join(outDir, "transpile.mjs"), library);
  await place(path.join(outDir, "version.json"), JSON.stringify({ version }));
  // Last, because its presence says that the build is complete.
  await place(path.join(outDir, "transpiler.mjs"), await bundle(root, "worker.ts", { version }));
  const address = pathToFileURL(path.join(outDir, "transpile.mjs"));
  address.searchParams.set("v", version);
  const { transpile, assemble } = await import(address.href);
  return { transpile, assemble, version };
}

async function bundle(root, entry, { format = "esm", version = "unversioned" } = {}) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [path.join(root, "transpiler/src", entry)],
    bundle: true,
    write: false,
    platform: "node",
    format,
    target: "node20",
    // Names stay: stack traces and some tools read them.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    logLevel: "warning",
    ...(format === "esm" && { banner: { js: BANNER } }),
    // Babel looks for the preset only to explain that it is missing; the parser's binary is
    // found beside the bundle.
    external: ["@babel/preset-typescript/package.json", "@oxc-parser/*", "*.node"],
    define: { __TRANSPILER_VERSION__: JSON.stringify(version) },
  });
  return result.outputFiles[0].text;
}

/** The binaries of oxc's parser that npm chose for this machine. */
async function parserBinaries(root) {
  const scope = path.join(root, "node_modules/@oxc-parser");
  const files = await readdir(scope, { recursive: true });
  return files.filter((file) => file.endsWith(".node")).map((file) => path.join(scope, file));
}

// A binary that a process has mapped must not change under it.
async function replace(from, to) {
  await copyFile(from, `${to}.new`);
  await rename(`${to}.new`, to);
}

// A worker that starts during a build reads the old program or the new one, never half.
async function place(file, text) {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}
