/**
 * `npm run build`: everything the browser and the transpiler run, into
 * `src/realmkit/static/`.
 *
 * The sources are hashed first; when nothing changed since the last build there
 * is nothing to do. `--force` builds regardless. Two builds at once take turns:
 * each removes the files it does not know.
 */
import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const outDir = path.join(root, "src/realmkit/static");

/** What goes into each part, and what must be there for it to count as built. */
const PARTS = [
  {
    name: "transpiler",
    inputs: ["transpiler", "scripts", "package.json", "package-lock.json"],
    result: "transpiler/transpiler.mjs",
    async build() {
      const { buildTranspiler } = await import(script("build-transpiler.mjs"));
      await buildTranspiler({ root, outDir: path.join(outDir, "transpiler") });
    },
  },
  {
    name: "host",
    inputs: ["host", "transpiler", "scripts", "package.json", "package-lock.json"],
    result: "host/manifest.json",
    async build() {
      const { buildHost } = await import(script("build-host.mjs"));
      await buildHost({ root, outDir: path.join(outDir, "host") });
    },
  },
];

const release = await lock(path.join(root, "build/build.lock"));
process.on("exit", release);
for (const part of PARTS) {
  const stamp = path.join(outDir, `.${part.name}.stamp`);
  const inputs = await hashOf(part.inputs);
  if (!process.argv.includes("--force") && (await isCurrent(part, stamp, inputs))) continue;
  const started = performance.now();
  await rm(stamp, { force: true });
  await part.build();
  await mkdir(outDir, { recursive: true });
  await writeFile(stamp, inputs);
  console.log(`built ${part.name} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** Wait for another build of this folder to end, then keep others waiting. */
async function lock(file) {
  await mkdir(path.dirname(file), { recursive: true });
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = Number(await readFile(file, "utf8").catch(() => ""));
    if (holder && !isRunning(holder)) await rm(file, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

function script(name) {
  return pathToFileURL(path.join(root, "scripts", name)).href;
}

async function isCurrent(part, stamp, inputs) {
  if (!existsSync(path.join(outDir, part.result)) || !existsSync(stamp)) return false;
  return (await readFile(stamp, "utf8")) === inputs;
}

async function hashOf(inputs) {
  const digest = createHash("sha256").update(process.version);
  for (const input of inputs) {
    for (const file of await filesUnder(path.join(root, input))) {
      digest
        .update(path.relative(root, file))
        .update("\0")
        .update(await readFile(file));
    }
  }
  return digest.digest("hex");
}

async function filesUnder(place) {
  let entries;
  try {
    entries = await readdir(place, { withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOTDIR") return [place];
    throw error;
  }
  const found = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const child = path.join(place, entry.name);
    if (entry.isDirectory()) found.push(...(await filesUnder(child)));
    else found.push(child);
  }
  return found;
}
