// Compiles a source as the server does and runs the module in Node: what a test asks of it
// is what the code does, not what it looks like.
//
// In:  {source, path, give: {specifier: module text}, trace: [words]}  as JSON on stdin
// Out: {result: what the module exports by that name, exports, registered, styles, fetched,
//       imported, name of the default export, lines: where each word came from}

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";

import { assemble, transpile } from "../../src/realmkit/static/transpiler/transpile.mjs";

const STANDS_FOR = {
  "@ember/component": "export const setComponentTemplate = (template, c) => (c.template = template, c);",
  "@ember/component/template-only": "export default () => ({ isTemplateOnly: true });",
  "@ember/template-factory": "export const createTemplateFactory = (wire) => wire;",
  "@ember/modifier": "export const on = 'on';",
};
const RUNTIME = new URL("../../node_modules/decorator-transforms/dist/runtime.js", import.meta.url);

const { source, path, give, trace } = JSON.parse(await readAll(process.stdin));
const provided = { ...STANDS_FOR, ...give };
const seen = { registered: [], styles: [], fetched: [], imported: [] };

globalThis.__realmkit = {
  register: (_url, names) => seen.registered.push(Object.keys(names)),
  css: (_url, id, css) => seen.styles.push({ id, css }),
  moduleURL: () => "http://realm.test/atlas/module",
  import: (specifier) => seen.imported.push(specifier),
  loader: { fetch: (url) => seen.fetched.push(url) },
};

const transpiled = transpile(source, path);
const module = await import(address(assemble(transpiled, addressOf)));
const result = typeof module.result === "function" ? await module.result() : module.result;
process.stdout.write(
  JSON.stringify({
    result,
    exports: Object.keys(module),
    name: module.default?.name,
    lines: trace.map(lineOf),
    ...seen,
  }),
);

function lineOf(word) {
  const lines = assemble(transpiled).split("\n");
  const index = lines.findIndex((line) => line.includes(word));
  const position = { line: index + 1, column: lines[index].indexOf(word) };
  return originalPositionFor(new TraceMap(transpiled.map), position).line;
}

function addressOf(specifier) {
  if (specifier.startsWith("decorator-transforms/")) return RUNTIME.href;
  if (!(specifier in provided)) throw new Error(`nobody provides ${specifier}`);
  return address(provided[specifier]);
}

function address(text) {
  return `data:text/javascript,${encodeURIComponent(text)}`;
}

async function readAll(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
