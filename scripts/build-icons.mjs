/**
 * Gather the drawings of Tabler and Lucide into `icons.json`: name -> markup inside `<svg>`.
 *
 * Where both have a name, Tabler's drawing is taken. Tabler's filled icons are called
 * `<name>-filled`. Both packages draw on a grid of 24 by 24.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

/** Write `icons.json` into `outDir`; resolves to the number of icons. */
export async function buildIcons({ root, outDir }) {
  const modules = path.join(root, "node_modules");
  const lucide = await readJSON(path.join(modules, "lucide-static/icon-nodes.json"));
  const outline = await readJSON(path.join(modules, "@tabler/icons/tabler-nodes-outline.json"));
  const filled = await readJSON(path.join(modules, "@tabler/icons/tabler-nodes-filled.json"));
  const drawings = {};
  for (const [name, nodes] of Object.entries({ ...lucide, ...outline })) {
    drawings[name] = nodes.map(markup).join("");
  }
  for (const [name, nodes] of Object.entries(filled)) {
    drawings[`${name}-filled`] = nodes.map(markup).join("");
  }
  await mkdir(outDir, { recursive: true });
  await writeFile(path.join(outDir, "icons.json"), JSON.stringify(drawings));
  return Object.keys(drawings).length;
}

async function readJSON(file) {
  return JSON.parse(await readFile(file, "utf8"));
}

function markup([tag, attributes]) {
  const written = Object.entries(attributes)
    .filter(([name]) => name !== "key")
    .map(([name, value]) => ` ${name}="${value}"`);
  return `<${tag}${written.join("")}/>`;
}
