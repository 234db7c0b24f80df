"""Every construct that the transpiler knows, each as a function that adds it to a module."""

from __future__ import annotations

from collections.abc import Callable

from .written_module import Written


def fields(w: Written) -> None:
    w.use("field", "kept", "noted", "Base")
    name, word = w.name("Fields"), w.rng.choice(["'x'", "`a ${1 + 1} b`", "[1, [2]]", "(7 as any)"])
    w.add(
        f"""
export class {name} extends Base {{
  @field plain = {word};
  @field private readonly typed?: string = 'typed' as string;
  @field empty;
  @kept mine = this.origin + '!';
  @noted('first') @noted('second') @kept both: number[] = [1, 2]
  @field 'with space' = () => ({{ a: 1 }});
  @field static shared = 3;
  @kept declare ambient: string;
  untouched?: string;
  declare origin: string;
}}""",
        f"[Object.keys(new {name}()), {name}.prototype.fields, new {name}().plain, new {name}().mine]",
        f"[new {name}().both, new {name}()['with space'], 'untouched' in new {name}(), {name}.shared]",
    )


def methods(w: Written) -> None:
    w.use("twice", "noted")
    name = w.name("Methods")
    w.add(
        f"""
class {name} {{
  n = {w.rng.randint(1, 9)};
  @twice get value(): number {{ return this.n; }}
  set value(to: number) {{ this.n = to }}
  @twice public add(this: {name}, by?: number): number {{ return this.n + (by ?? 0); }}
  @noted('outer') @twice static make<T>(x: T): T {{ return x }}
  @noted('gen') *each(): Generator<number> {{ yield this.n; yield* [1, 2]; }}
  @noted('async') async later(): Promise<number> {{ return await this.n; }}
}}
export {{ {name} }};""",
        f"[new {name}().value, new {name}().add(2), {name}.make('m'), [...new {name}().each()]]",
        f"new {name}().later()",
    )


def decorated_classes(w: Written) -> None:
    w.use("noted")
    one, two, three = w.name("Marked"), w.name("Marked"), w.name("Marked")
    w.add(
        f"""
const renamed = (to: string) => (cls: any) => {{ cls.label = to; }};
@renamed('one') @noted('class') class {one} {{ static own = 1 }}
@renamed('two') export class {two}<T> extends {one} {{ x!: T }}
export @renamed('three') class {three} {{ z(): number {{ return 3 }} }}
const inner{one} = @renamed('inner') class {{ static q = 4; }};""".replace(
            "renamed", w.name("renamed")
        ),
        f"[{one}.label, {two}.label, {two}.name, {three}.label, inner{one}.label, inner{one}.q]",
    )


def private_members(w: Written) -> None:
    name = w.name("Private")
    w.add(
        f"""
export class {name} {{
  static #count = {w.rng.randint(0, 5)};
  static {{ {name}.#count += 2; var local = this.#count; {name}.last = local; }}
  static last: number;
  #secret: string = 's';
  #hidden?(): string {{ return this.#secret + #secret in this; }}
  get #twice() {{ return this.#secret.repeat(2); }}
  static count(): number {{ return this.#count++; }}
  all = () => [this.#secret, this.#twice, #hidden in this];
  accessorless = 1;
  ['computed' + {w.rng.randint(1, 9)}]: number = 2
  static async *[Symbol.iterator]() {{ yield 1 }}
}}""".replace("#secret in this", "(#secret in this)"),
        f"[{name}.count(), {name}.count(), {name}.last, new {name}().all(), Object.keys(new {name}())]",
    )


def enums(w: Written) -> None:
    name, other = w.name("Color"), w.name("Flag")
    w.add(
        f"""
export enum {name} {{ Red, Blue = {w.rng.randint(2, 9)}, Green, Text = 'text', 'odd name' = -1 }}
const enum {other} {{ A = 1 << 0, B = 1 << 2, Both = A | B, C, D = ~A, E = (2 ** 3) % 5 }}
declare enum Gone{other} {{ X }}""",
        f"{name}",
        f"[{name}.Blue, {name}[0], {other}.Both, {other}.C, {other}.D, {other}.E, {other}[5]]",
    )


def types(w: Written) -> None:
    w.types.update({"Shape", "Maybe"})
    name = w.name("typed")
    w.add(
        f"""
interface I{name} extends Shape {{ (x: number): string; new (): I{name}; [key: string]: any }}
type T{name}<in out K extends keyof any = string> = {{ readonly [P in K]?: Maybe<Shape[]> }} & Record<K, any>;
declare const ghost{name}: unique symbol;
declare function ghostly{name}(): void;
declare global {{ interface Window {{ x: 1 }} }}
declare module 'elsewhere' {{ const y: string; }}
export type {{ I{name} }};
export type Later{name} = OnlyShape | typeof ghost{name};
function {name}(a: string): string;
function {name}<T extends Shape>(a: T, b?: T[]): number;
function {name}(this: void, a: any, b: any = [] as unknown[], ...rest: any[]): any {{
  const c = <any>a, d = a! as unknown as string satisfies string
  let e!: number, f: typeof a extends string ? 1 : 2 = 1
  ;[e] = [f as number]
  for (const [k, v] of Object.entries({{ a, d }} as Record<string, any>)) rest.push(k, v!)
  const g = <T,>(x: T): x is NonNullable<T> => <any>{{ x }}
  const h = async <T>(x: T)
    : Promise<T> => x as T
  const o = {{ m<T>(x?: T): T | undefined {{ return x }}, get p(): number {{ return 1 }}, async *q() {{}} }}
  return [c, d, e, f, g(1), typeof h, o.m<string>('m'), o?.p!, rest, b?.length!] as const
}}""",
        f"({name} as any)('s', [1], 2, 3)",
        f"[{name}.length, {name}.name]",
    )


def parameter_properties(w: Written) -> None:
    w.use("Base", "say")
    one, two = w.name("Given"), w.name("Given")
    w.add(
        f"""
export class {one}<T> {{
  before = typeof this.a;
  constructor(public a: T, private readonly b = 2, protected c?: string, plain?: number) {{ say(`made ${{b}}`); }}
}}
abstract class Abstract{two} extends Base implements OnlyShape {{
  sides = 4
  abstract area: number;
  abstract size(): number
  protected abstract get half(): number;
  static readonly kind?: string = 'k';
  [key: string]: any
}}
class {two} extends Abstract{two} {{
  constructor(public override given: unknown, public d?: number) {{
    'use strict'
    const before = 1
    super(before)
    this.after = this.d
  }}
  override area = 3; size() {{ return 9 }}
  get half() {{ return 2 }}
}}""",
        f"[new {one}('a'), Object.keys(new {one}(1)), new {two}('g'), {two}.kind]",
    )


def loader_calls(w: Written) -> None:
    name = w.name("calls")
    w.add(
        f"""
export const {name} = {{
  shadowed: (fetch: (x: string) => string) => fetch('own'),
  inner() {{ const answer = () => fetch('/hoisted'); function fetch(x: string) {{ return `mine ${{x}}`; }} return answer(); }},
  outer: () => typeof fetch<string>('data:,x' as string)?.then,
  loaded: async () => (await import('./library')).default,
  template: async () => (await import(`./library`)).default,
  computed: async (part: string) => typeof (await import(('./lib' + part) as string)),
  url: () => import.meta.url.replace(/^.*\\//, '').replace(/\\?.*/, ''),
}};""",
        f"[{name}.shadowed((x) => x + '!'), {name}.inner(), {name}.outer(), {name}.url()]",
        f"{name}.loaded()",
        f"{name}.template()",
    )


def tasks(w: Written) -> None:
    factory = w.rng.choice(["task", "restartableTask", "dropTask", "keepLatestTask", "enqueueTask"])
    w.ember.add(
        f"import {{ {factory} as spawn{factory}, type Task as {factory}Type }} from 'ember-concurrency';"
    )
    name = w.name("Working")
    w.add(
        f"""
export class {name} {{
  constructor() {{}}
  factor = 3;
  one = spawn{factory}(async (n: number): Promise<number> => {{
    const other = async () => await Promise.resolve(n);
    return (await other()) * this.factor;
  }});
  two = spawn{factory}(this, async n => await n + 1);
  three: unknown = spawn{factory}({{ maxConcurrency: 2 }}, async (a = 1, ...b: number[]) => [await a, ...b]);
}}""",
        f"new {name}().one.perform(4)",
        f"new {name}().two.perform(Promise.resolve(4))",
        f"new {name}().three.perform(1, 2)",
    )


def plain_script(w: Written) -> None:
    name = w.name("plain")
    w.add(
        f"""
let {name} = 0, text = 'é \\u{{1F600}} // no comment', re = /[/"]<template>/gu, big = 12n ** 3n
/* a `comment` with <b> */ // and another
label: for (let i = 0; i < 5; i++) {{ switch (i) {{ case 3: break label; case 1: continue label; default: {name} += i }} }}
var {{ a: {{ b = 1, ...others }} = {{}} as any, ...rest }}: any = {{ a: {{ c: 2 }}, d: [3] }}
try {{ null!.x }} catch {{ {name}++ }} finally {{ {name} += 10 }}
const tagged = (s: TemplateStringsArray, ...v: unknown[]) => s.raw.join('|') + v.join()
do {name}--; while ({name} > 12)
export const result{name} = [{name}, text, String(re), String(big), b, others, rest, tagged`a${{1}}\\n${{[2, 3] as any}}`]
;[1, 2].forEach((x) => {{ {name} += x }})
export {{ {name} as renamed{name}, rest as 'spaced {name}' }}
export const [first{name}, , {{ second{name} = 5 }}] = [1, 2, {{}}] as any""".replace(
            "text", w.name("text")
        )
        .replace("rest", w.name("rest"))
        .replace("others", w.name("others"))
        .replace("tagged", w.name("tagged"))
        .replace("label", w.name("label"))
        .replace("big", w.name("big"))
        .replace("b = 1", f"b: b{name} = 1")
        .replace(", b, ", f", b{name}, ")
        .replace(" re ", f" re{name} ")
        .replace("String(re)", f"String(re{name})"),
        f"result{name}",
    )


def reexports(w: Written) -> None:
    one = w.name("again")
    w.add(
        f"""
export {{ eq as {one}, default as main{one}, say as 'said {one}', type Maybe as M{one} }} from './library';
export * as all{one} from './library';
export type * from './nowhere';
export type {{ Shape as S{one} }} from './nowhere';"""
    )


def components(w: Written) -> None:
    w.ember.add("import GlimmerComponent from '@glimmer/component';")
    inner, outer, card = w.name("Inner"), w.name("Outer"), w.name("Card")
    tag = w.rng.choice(["p", "section", "b"])
    w.add(
        f"""
const {inner}: any = <template><{tag} ...attributes>{{{{yield @word}}}}{{{{@word}}}} `tick` ${{no}} "quote" \\n</{tag}></template>;
export const {outer} = <template>
  <div class="outer {{{{if @on 'on' 'off'}}}}" style="{{{{@style}}}}">
    <{inner} @word="w" class='x' as |word|><i>{{{{word}}}}</i></{inner}>
      indented
    {{{{#let "é" (hash a=1) as |a b|}}}}{{{{a}}}}{{{{b.a}}}}{{{{/let}}}}
    {{{{#each @items key="@index" as |item index|}}}}<li>{{{{index}}}}:{{{{item}}}}</li>{{{{else}}}}none{{{{/each}}}}
    {{{{#each-in (hash x=1 y=2) as |key value|}}}}{{{{key}}}}={{{{value}}}};{{{{/each-in}}}}
    {{{{! a comment }}}}{{{{!-- another --}}}}<!-- kept -->
    <pre>
      as it is
    </pre>
  </div>
</template> satisfies unknown;
export class {card} extends GlimmerComponent<{{ Args: {{ word: string }} }}> {{
  get loud() {{ return (this.args.word as string).toUpperCase(); }}
  static Nested = class extends GlimmerComponent {{ <template>nested {{{{@word}}}}</template> }}
  make() {{ const self = 'own'; return <template>{{{{self}}}} {{{{this.loud}}}}</template>; }}
  get made() {{ return this.make(); }}
  <template>
    <{card}.Nested @word={{{{this.loud}}}} />{{{{#if @word}}}}<this.made />{{{{/if}}}}
    {{{{#in-element @nowhere insertBefore=null}}}}x{{{{/in-element}}}}
  </template>
}}""".replace("    {{#in-element @nowhere insertBefore=null}}x{{/in-element}}\n", "")
    )


def keywords(w: Written) -> None:
    w.use("eq")
    w.ember.add("import { on } from '@ember/modifier';")
    name, shadow = w.name("Keys"), w.name("Shadow")
    w.add(
        f"""
export const {name} = <template>
  {{{{eq 1 2}}}} {{{{not true}}}} {{{{#each (array 1 2) as |or|}}}}{{{{or}}}}{{{{/each}}}} {{{{and 1 0}}}}
  <button type="button" {{{{on 'click' (fn @go 1)}}}}>{{{{if (gt 2 1) 'more'}}}}</button>{{{{Math.max 1 3}}}}
</template>;
export const {shadow} = (() => {{
  const not = (x: unknown) => `own not ${{x}}`, concat = 'a value';
  return <template>{{{{not 1}}}} {{{{concat}}}} {{{{#let 'inner' as |not|}}}}{{{{not}}}}{{{{/let}}}} {{{{later}}}}</template>;
}})();
var later = 'later';""".replace("later", w.name("later"))
    )


def scoped_styles(w: Written) -> None:
    name = w.name("Styled")
    rules = w.rng.sample(
        [
            ".a, .b > .c + .d ~ .e { color: red }",
            ".a:hover::before { content: 'x;}' }",
            ".a :deep(.b .c) { margin: 0 } :deep(.z) { top: 0 }",
            ":global(.g) { color: blue }",
            "@keyframes spin { from { opacity: 0 } 50% { opacity: .5 } }"
            " .a { animation: spin 1s, fade 2s; animation-name: spin }",
            "@media (max-width: 10px) { .a { & .b { color: red } } }",
            "@container (width > 10px) { .a[data-x='1'] { --v: 1 } }",
            "@supports (display: grid) { .a { display: grid } }",
            "/* a comment */ .é\\:x { background: url('data:,a') }",
            ".a { &:hover { color: red } .b & { color: blue } }",
            "@import url('x.css'); @font-face { font-family: F; src: local(F) }",
            "@layer one { .a:not(.b, :is(.c)) { color: red } }",
            "* { margin: 0 } > .x { color: red } #id.a:nth-child(2n + 1) { color: red }",
        ],
        4,
    )
    sheet = "\n    ".join(rules)
    w.add(
        f"""
export const {name} = <template>
  <div class="a"><b class="b" ...attributes>x</b>{{{{#if true}}}}<i class="c">y</i>{{{{/if}}}}</div>
  <style scoped>
    {sheet}
  </style>
  {w.rng.choice(["", "<style scoped>.second { color: red }</style>", "<p>after</p>"])}
</template>;
export const Plain{name} = <template><p class="a">p</p><style>.plain {{ color: red }}</style></template>;"""
    )


CONSTRUCTS: list[Callable[[Written], None]] = [
    fields,
    methods,
    decorated_classes,
    private_members,
    enums,
    types,
    parameter_properties,
    loader_calls,
    tasks,
    plain_script,
    reexports,
    components,
    keywords,
    scoped_styles,
]

DEFAULTS: list[Callable[[Written], str]] = [
    lambda w: "<template>the {{@word}} default</template>",
    lambda w: "export default class { static a = 1; b(): number { return 1 } }",
    lambda w: "export default class Named<T> { c?: T; }",
    lambda w: "export default async function <T>(x: T): Promise<T> { return x }",
    lambda w: (
        "export default function hoisted(): string;\nexport default function hoisted() { return '' }"
    ),
    lambda w: "const last = [1] as const; export default last;",
    lambda w: "export default { a: 1 } as Record<string, number>",
    lambda w: "export default log",
    lambda w: "export default interface Nothing { x: 1 }",
    lambda w: "export * from './library';",
    lambda w: "export default abstract class Half { abstract x: number; y = 1 }",
    lambda w: "<template><b>typed</b></template> satisfies unknown",
]
