// Imports a module in a page and tells all that can be seen of it: what it exports and
// registers, the styles it adds, what its `probe` answers, and its components' HTML.
async ([address, renderer, components]) => {
  const { renderComponent } = await import(renderer);
  const { getComponentTemplate } = await import(components);
  const recorded = (globalThis.recorded ??= record());
  let module;
  try {
    module = await import(address);
  } catch (error) {
    return { failed: String(error) };
  }
  const exports = {};
  const html = {};
  for (const name of Object.keys(module).sort()) {
    let value;
    try {
      value = module[name];
    } catch (error) {
      exports[name] = String(error);
      continue;
    }
    exports[name] = describe(value, 3);
    if (value && /function|object/.test(typeof value) && getComponentTemplate(value)) {
      html[name] = await render(value);
    }
  }
  const probe = typeof module.probe === "function" ? describe(await module.probe(), 9) : null;
  return { exports, html, probe, ...recorded.get(bare(address)) };

  // A module may have been evaluated for the sake of another.
  function record() {
    const { register, css } = globalThis.__realmkit;
    const modules = new Map();
    const note = (url, kind, what) => {
      const key = bare(url);
      if (!modules.has(key)) modules.set(key, { registered: [], styles: [] });
      modules.get(key)[kind].push(what);
    };
    globalThis.__realmkit.register = (url, names) => {
      note(url, "registered", Object.keys(names));
      return register(url, names);
    };
    globalThis.__realmkit.css = (url, id, text) => {
      note(url, "styles", [id, text]);
      return css(url, id, text);
    };
    return modules;
  }

  function bare(url) {
    return url.split("?")[0];
  }

  async function render(component) {
    const into = document.createElement("div");
    document.body.append(into);
    const args = { word: "a word", on: true, style: "top: 0", items: [1, 2], model: {}, go() {} };
    try {
      renderComponent(component, { into, args });
      await new Promise((resolve) => setTimeout(resolve));
      return into.innerHTML;
    } catch (error) {
      return `threw ${error.message}`;
    } finally {
      into.remove();
    }
  }

  function describe(value, depth) {
    if (typeof value === "function") return describeFunction(value, depth);
    if (typeof value !== "object" || value === null) return `${typeof value} ${String(value)}`;
    if (depth === 0) return "...";
    if (Array.isArray(value)) return value.map((each) => describe(each, depth - 1));
    const kind = Object.prototype.toString.call(value);
    return { kind, ...members(value, depth) };
  }

  function describeFunction(value, depth) {
    const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "function";
    const told = { kind, name: value.name, length: value.length };
    if (depth === 0) return told;
    const parent = Object.getPrototypeOf(value)?.name;
    const prototype = value.prototype ? members(value.prototype, 1) : null;
    return { ...told, parent, prototype, ...members(value, depth) };
  }

  function members(value, depth) {
    const told = {};
    for (const key of Reflect.ownKeys(value)) {
      if (/^(length|name|prototype|constructor|caller|arguments)$/.test(String(key))) continue;
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      const shape = `${descriptor.enumerable ? "e" : ""}${descriptor.writable ? "w" : ""}`;
      told[String(key)] = descriptor.get
        ? `${shape} getter${descriptor.set ? " and setter" : ""}`
        : [shape, describe(descriptor.value, depth - 1)];
    }
    return told;
  }
};
