/**
 * Build the browser's files: one runtime bundle, a small module per specifier
 * that card code may import, the prerender page's script, the live page's, and
 * the live store for pages of one's own.
 *
 * Every file carries a hash of its content in its name, so it can be served as
 * immutable; `manifest.json` says which are current. The export names of the
 * small modules are the true ones: esbuild reports them from a first pass.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { build } from "esbuild";
import { emberPackages } from "./build-ember.mjs";
import { glimmerTemplates } from "./build-gts.mjs";

/** Build into `outDir`; returns the manifest. Throws when a bundle has an error. */
export async function buildHost({ root, outDir }) {
  const specifiers = await readSpecifiers(root);
  const exportsOf = await enumerateExports(root, specifiers);
  const bundles = await bundle(root, specifiers, exportsOf);
  const named = (prefix, extension) =>
    [...bundles.keys()].find((file) => file.startsWith(`${prefix}-`) && file.endsWith(extension));

  const runtime = named("runtime", ".js");
  const modules = {};
  for (const [index, specifier] of Object.keys(specifiers).entries()) {
    const names = exportsOf.get(specifier);
    const facade = facadeModule(index, names, runtime);
    const file = `m/${slug(specifier)}-${hash(facade)}.js`;
    bundles.set(file, facade);
    modules[specifier] = { file, exports: names };
  }
  const manifest = {
    version: hash([...bundles.keys()].sort().join("\n")),
    runtime,
    prerender: named("prerender", ".js"),
    live: named("live", ".js"),
    page: named("page", ".js") ?? null,
    pageCss: named("page", ".css") ?? null,
    modules,
  };
  await publish(outDir, bundles, manifest);
  return manifest;
}

async function readSpecifiers(root) {
  const folder = path.join(root, "host/src");
  const listed = JSON.parse(await readFile(path.join(folder, "runtime/specifiers.json"), "utf8"));
  return Object.fromEntries(
    Object.entries(listed)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([specifier, source]) => [
        specifier,
        source.startsWith(".") ? path.join(folder, "runtime", source) : source,
      ]),
  );
}

async function enumerateExports(root, specifiers) {
  const sources = [...new Set(Object.values(specifiers))];
  const result = await build({
    ...common(root),
    entryPoints: sources.map((source, index) => ({ in: source, out: `entry-${index}` })),
    outdir: path.join(root, "build/unused"),
    splitting: true,
    write: false,
    metafile: true,
  });
  const bySource = new Map();
  for (const [file, output] of Object.entries(result.metafile.outputs)) {
    const entry = /entry-(\d+)\.js$/.exec(file);
    if (entry) bySource.set(sources[Number(entry[1])], [...output.exports].sort());
  }
  return new Map(Object.entries(specifiers).map(([name, source]) => [name, bySource.get(source)]));
}

async function bundle(root, specifiers, exportsOf) {
  const entryPoints = [
    { in: "realmkit:runtime", out: "runtime" },
    { in: path.join(root, "host/src/prerender/main.ts"), out: "prerender" },
    { in: path.join(root, "host/src/store/live-store.ts"), out: "live" },
  ];
  const page = path.join(root, "host/src/page/main.ts");
  if (existsSync(page)) {
    entryPoints.push({ in: page, out: "page" });
    entryPoints.push({ in: path.join(root, "host/src/page/page.css"), out: "page" });
  }
  const outdir = path.join(root, "build/host");
  const result = await build({
    ...common(root),
    plugins: [runtimeEntry(root, specifiers, exportsOf), ...common(root).plugins],
    entryPoints,
    outdir,
    splitting: true,
    write: false,
    entryNames: "[name]-[hash]",
    chunkNames: "chunk-[hash]",
    assetNames: "[name]-[hash]",
  });
  return new Map(
    result.outputFiles.map((file) => [
      path.relative(outdir, file.path).split(path.sep).join("/"),
      file.text,
    ]),
  );
}

function common(root) {
  return {
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    // Names stay: they are what an author reads in a stack trace.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    logLevel: "silent",
    plugins: [glimmerTemplates(root), emberPackages(root)],
  };
}

/** The runtime's entry: the globals, then every name of every specifier under a name of its own. */
function runtimeEntry(root, specifiers, exportsOf) {
  return {
    name: "runtime-entry",
    setup(build) {
      build.onResolve({ filter: /^realmkit:runtime$/ }, () => ({
        path: "runtime",
        namespace: "realmkit",
      }));
      build.onLoad({ filter: /.*/, namespace: "realmkit" }, () => {
        const lines = Object.entries(specifiers).map(([specifier, source], index) => {
          const names = exportsOf
            .get(specifier)
            .map((name) => `${name} as ${exportName(index, name)}`);
          return `export { ${names.join(", ")} } from ${JSON.stringify(source)};`;
        });
        return {
          contents: [`import "./host/src/runtime/main.ts";`, ...lines].join("\n"),
          resolveDir: root,
        };
      });
    },
  };
}

function facadeModule(index, names, runtime) {
  const list = names.map((name) => `${exportName(index, name)} as ${name}`).join(", ");
  return `export { ${list} } from "../${runtime}";\n`;
}

function exportName(index, name) {
  return `m${index}$${name}`;
}

function slug(specifier) {
  return specifier.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "");
}

function hash(text) {
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}

// New files first, then the manifest that names them, then the old ones go: a
// server that reads the folder meanwhile always finds what its manifest names.
async function publish(outDir, files, manifest) {
  await mkdir(path.join(outDir, "m"), { recursive: true });
  for (const [file, text] of files) await writeFile(path.join(outDir, file), text);
  const next = path.join(outDir, "manifest.json.next");
  await writeFile(next, `${JSON.stringify(manifest, null, 1)}\n`);
  await rename(next, path.join(outDir, "manifest.json"));
  for (const folder of ["", "m"]) {
    for (const entry of await readdir(path.join(outDir, folder), { withFileTypes: true })) {
      const file = path.posix.join(folder, entry.name);
      if (entry.isFile() && file !== "manifest.json" && !files.has(file)) {
        await rm(path.join(outDir, file));
      }
    }
  }
}
