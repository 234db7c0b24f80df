/**
 * Teach esbuild where Ember's packages live and what its addons' build macros mean.
 *
 * ember-source ships its packages as plain ES modules under `dist/prod`; the
 * addons expect an Ember build to have answered their `@embroider/macros`
 * questions. Both are settled here, so the runtime bundle needs no Ember tooling.
 */
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";

const EMBER =
  /^(?:@ember\/|@glimmer\/|@simple-dom\/|rsvp$|backburner\.js$|route-recognizer$|router_js$|dag-map$)/;
const NOT_IN_EMBER_SOURCE = new Set(["@glimmer/component"]);
// Only `getOwner` is ever wanted from it; the real one brings the router along.
const INSTEAD = { "@ember/application": "@ember/owner" };
const ADDON_CODE = /node_modules\/(?:tracked-built-ins|ember-modifier|ember-concurrency)\/.*\.js$/;

const MACROS = `
export const isDevelopingApp = () => false;
export const isTesting = () => false;
export const macroCondition = (answer) => answer;
export const dependencySatisfies = () => true;
export const appEmberSatisfies = () => true;
export const getOwnConfig = () => ({});
`;
/**
 * Ember's code that runs for every tag, opcode and component, and what stands in its place:
 * the same with less to collect. A page that renders hundreds of cards spends a good part
 * of its time on garbage.
 */
const LEANER = [
  {
    // A Set for everything that is tracked; nearly all of it consumes one tag or none.
    file: /shared-chunks\/cache-\w+\.js$/,
    ember: /class Tracker \{.*?\n\}\n/s,
    lean: `class Tracker {
  tags = null;
  last = null;
  add(tag) {
    if (tag === CONSTANT_TAG || tag === this.last) return;
    if (this.tags !== null) this.tags.add(tag);
    else if (this.last !== null) this.tags = new Set([this.last, tag]);
    this.last = tag;
  }
  combine() {
    if (this.last === null) return CONSTANT_TAG;
    return this.tags === null ? this.last : combine(Array.from(this.tags));
  }
}
`,
  },
  {
    // An object for every opcode, to say that there is another one.
    file: /shared-chunks\/render-\w+\.js$/,
    ember: /result = \{\s*done: false,\s*value: null\s*\};/,
    lean: "result = GOING_ON;",
    after: "const GOING_ON = Object.freeze({ done: false, value: null });",
  },
  {
    // A generator for the names of every component's arguments.
    file: /shared-chunks\/arguments-\w+\.js$/,
    ember: /for \(const \[i, name\] of enumerate\(names\)\) \{/,
    lean: "for (let i = 0; i < names.length; i++) {\n      const name = names[i];",
  },
];
const ENV = "export const DEBUG = false; export const CI = false;";

/** The esbuild plugin; `root` is the repository's folder. */
export function emberPackages(root) {
  const packages = path.join(root, "node_modules/ember-source/dist/prod/packages");
  return {
    name: "ember-packages",
    setup(build) {
      build.onResolve({ filter: /^@embroider\/macros$/ }, () => ({
        path: "macros",
        namespace: "ember-answers",
      }));
      build.onResolve({ filter: /^@glimmer\/env$/ }, () => ({
        path: "env",
        namespace: "ember-answers",
      }));
      build.onLoad({ filter: /.*/, namespace: "ember-answers" }, ({ path: name }) => ({
        contents: name === "macros" ? MACROS : ENV,
      }));
      build.onResolve({ filter: /^realmkit:ember-renderer$/ }, () => ({
        path: "renderer",
        namespace: "ember-internals",
      }));
      build.onLoad({ filter: /.*/, namespace: "ember-internals" }, () => ({
        contents: rendererModule(packages),
        resolveDir: root,
      }));
      build.onResolve({ filter: EMBER }, ({ path: name }) => {
        if (NOT_IN_EMBER_SOURCE.has(name)) return undefined;
        const wanted = INSTEAD[name] ?? name;
        const found = [`${wanted}/index.js`, `${wanted}.js`]
          .map((file) => path.join(packages, file))
          .find((file) => existsSync(file));
        return found
          ? { path: found }
          : { errors: [{ text: `ember-source has no package ${name}` }] };
      });
      for (const { file: filter, ember, lean, after = "" } of LEANER) {
        build.onLoad({ filter }, async ({ path: file }) => {
          const source = await readFile(file, "utf8");
          return { contents: source.replace(ember, () => lean) + after, loader: "js" };
        });
      }
      build.onLoad({ filter: ADDON_CODE }, async ({ path: file }) => ({
        contents: staticImports(await readFile(file, "utf8")),
        loader: "js",
      }));
    },
  };
}

/**
 * Ember's renderer class, which no package exports under a name: `renderComponent`
 * keeps every root it ever made, and a page that renders thousands must let go.
 */
function rendererModule(packages) {
  const entry = path.join(packages, "@ember/renderer/index.js");
  const [, chunk] = /from '([^']+)'/.exec(readFileSync(entry, "utf8")) ?? [];
  const file = path.resolve(path.dirname(entry), chunk ?? "missing");
  const [, name] = /BaseRenderer as (\w+)/.exec(readFileSync(file, "utf8")) ?? [];
  if (!name) throw new Error("ember-source has no BaseRenderer where build-ember.mjs looks for it");
  return `export { ${name} as BaseRenderer } from ${JSON.stringify(file)};`;
}

/**
 * `importSync("./x")` chooses a file at build time, so it becomes a static import.
 * The files for older Embers are never chosen and stay out of the bundle.
 */
function staticImports(source) {
  const imports = [];
  const text = source
    .replace(/import \{[^}]*\bimportSync\b[^}]*\} from '@embroider\/macros';/, (line) => {
      const names = line.replace(/\bimportSync\b\s*,?\s*/, "").replace(/,\s*\}/, " }");
      return /\{\s*\}/.test(names) ? "" : names;
    })
    .replace(/importSync\('([^']+)'\)/g, (_, specifier) => {
      if (specifier.startsWith("./old/")) return "({})";
      imports.push(`import * as chosen${imports.length} from '${specifier}';`);
      return `chosen${imports.length - 1}`;
    });
  return imports.length > 0 ? `${imports.join("\n")}\n${text}` : text;
}
