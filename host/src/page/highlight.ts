/**
 * Light colouring of JSON and card source.
 *
 * One regular expression a language, first match wins: enough to read by, with
 * no parser to keep right. Lines come out one by one so that they can be
 * numbered and marked; a token that spans lines is cut at each of them.
 */

type Kind = "comment" | "string" | "keyword" | "key" | "number" | "tag" | "mustache";

interface Rule {
  kind: Kind;
  pattern: string;
}

const KEYWORDS =
  "import export from default class extends static const let var function return if else new this " +
  "typeof await async get set for of in while switch case break throw try catch finally null " +
  "undefined true false type interface as satisfies super instanceof";

const CARD_SOURCE = compile([
  {
    kind: "comment",
    pattern: "//[^\\n]*|/\\*[\\s\\S]*?\\*/|<!--[\\s\\S]*?-->|\\{\\{!--[\\s\\S]*?--\\}\\}",
  },
  {
    kind: "string",
    pattern: "\"(?:[^\"\\\\\\n]|\\\\.)*\"|'(?:[^'\\\\\\n]|\\\\.)*'|`(?:[^`\\\\]|\\\\[\\s\\S])*`",
  },
  { kind: "mustache", pattern: "\\{\\{[^{}]*\\}\\}" },
  {
    kind: "tag",
    pattern: "</?@?:?[A-Za-z][\\w.:-]*(?=[\\s/>])|(?<=[\\w'\"}\\s])/?>(?=\\s*(?:\\n|<|$))",
  },
  { kind: "key", pattern: "@[A-Za-z_]\\w*" },
  { kind: "keyword", pattern: `\\b(?:${KEYWORDS.split(" ").join("|")})\\b` },
  { kind: "number", pattern: "\\b\\d[\\d_.]*\\b" },
]);

const JSON_SOURCE = compile([
  { kind: "key", pattern: '"(?:[^"\\\\\\n]|\\\\.)*"(?=\\s*:)' },
  { kind: "string", pattern: '"(?:[^"\\\\\\n]|\\\\.)*"' },
  { kind: "keyword", pattern: "\\b(?:true|false|null)\\b" },
  { kind: "number", pattern: "-?\\b\\d[\\d.eE+-]*\\b" },
]);

/** The lines of `source` as elements, coloured by the extension of `path`. */
export function highlight(source: string, path: string): HTMLElement[] {
  const language = path.endsWith(".json") ? JSON_SOURCE : CARD_SOURCE;
  const lines = [newLine()];
  let end = 0;
  for (const match of source.matchAll(language)) {
    write(lines, source.slice(end, match.index));
    const kind = Object.keys(match.groups!).find((name) => match.groups![name] !== undefined);
    write(lines, match[0], kind);
    end = match.index + match[0].length;
  }
  write(lines, source.slice(end).replace(/\n$/, ""));
  return lines;
}

function compile(rules: Rule[]): RegExp {
  return new RegExp(rules.map(({ kind, pattern }) => `(?<${kind}>${pattern})`).join("|"), "g");
}

function write(lines: HTMLElement[], text: string, kind?: string): void {
  text.split("\n").forEach((piece, index) => {
    if (index > 0) lines.push(newLine());
    if (!piece) return;
    const line = lines.at(-1)!;
    if (!kind) {
      line.append(piece);
      return;
    }
    const token = document.createElement("span");
    token.dataset.token = kind;
    token.textContent = piece;
    line.append(token);
  });
}

function newLine(): HTMLElement {
  const line = document.createElement("span");
  line.className = "rk-line";
  return line;
}
