"""What a module registers, exports and asks of its page."""

from tests.transpiler.conftest import Evaluate


def test_every_exported_binding_is_registered_and_the_default_last(evaluate: Evaluate) -> None:
    answer = evaluate(
        """
        export default class Person {}
        export { Person };
        export const [a, { b }] = [1, { b: 2 }];
        export function f() {}
        export interface NotThere {}
        export type Neither = string;
        const c = 3;
        export { c as d, c as 'with space' };
        """
    )
    assert answer["registered"] == [["Person", "a", "b", "f", "d", "with space", "default"]]


def test_a_nameless_default_class_is_registered_and_keeps_its_name(evaluate: Evaluate) -> None:
    answer = evaluate("export default class {}")

    assert answer["registered"] == [["default"]]
    assert answer["name"] == "default"


def test_reexports_are_exported_and_registered(evaluate: Evaluate) -> None:
    answer = evaluate(
        """
        export { one, default as main } from 'other';
        export * as all from 'other';
        export * from 'stars';
        import { two } from 'other';
        export { two };
        """,
        give={
            "other": "export const one = 1; export const two = 2; export default 0;",
            "stars": "export const star = 4;",
        },
    )
    assert sorted(answer["exports"]) == ["all", "main", "one", "star", "two"]
    assert sorted(name for names in answer["registered"] for name in names) == [
        "all",
        "main",
        "one",
        "two",
    ]


def test_fetch_goes_through_the_loader_unless_the_author_has_another(evaluate: Evaluate) -> None:
    answer = evaluate(
        """
        export const result = async () => {
          fetch('/a');
          { const fetch = (url: string) => `own ${url}`; return fetch('/b'); }
        };
        """
    )
    assert answer["fetched"] == ["/a"]
    assert answer["result"] == "own /b"


def test_a_literal_import_stays_and_a_computed_one_goes_through_the_loader(
    evaluate: Evaluate,
) -> None:
    answer = evaluate(
        """
        export const result = async () => {
          const where = './x';
          await import(where + '1');
          return [(await import('later')).a, (await import(`later`)).a];
        };
        """,
        give={"later": "export const a = 1;"},
    )
    assert answer["imported"] == ["./x1"]
    assert answer["result"] == [1, 1]


def test_a_modules_url_has_no_version(evaluate: Evaluate) -> None:
    answer = evaluate("export const result = new URL('./logo.png', import.meta.url).href;")

    assert answer["result"] == "http://realm.test/atlas/logo.png"


def test_scoped_styles_become_calls_with_the_attributes_id(evaluate: Evaluate) -> None:
    answer = evaluate(
        """
        const T = <template>
          <b class='a'>x</b>
          <style scoped>
            .a:hover > .b, :deep(.c) { animation: spin 1s; }
            @keyframes spin { from { opacity: 0 } }
            @container (width > 10px) { .a { color: red } }
          </style>
        </template>;
        export const result = T.template.block;
        """,
        path="people/person.gts",
    )
    (style,) = answer["styles"]
    attribute = f"data-scopedcss-{style['id']}"
    assert attribute in answer["result"]
    assert f".a:hover > .b[{attribute}]" in style["css"]
    assert f"[{attribute}] .c" in style["css"]
    assert f"@keyframes spin-{attribute}" in style["css"]
    assert "<style" not in answer["result"]


def test_two_scoped_styles_of_one_template_share_one_id(evaluate: Evaluate) -> None:
    answer = evaluate(
        "<template><b/><style scoped>.a{}</style><style scoped>.b{}</style></template>"
    )

    (style,) = answer["styles"]
    assert ".a[" in style["css"]
    assert ".b[" in style["css"]


def test_a_scoped_styles_id_depends_on_path_and_css_alone(evaluate: Evaluate) -> None:
    source = "<template><b/><style scoped>.a{}</style></template>"

    first, again, elsewhere = (
        evaluate(text, path=path)["styles"][0]["id"]
        for text, path in ((source, "a.gts"), (f"// new\n{source}", "a.gts"), (source, "b.gts"))
    )
    assert first == again != elsewhere


def test_an_unscoped_style_is_left_in_the_template(evaluate: Evaluate) -> None:
    answer = evaluate(
        "const T = <template><style>.a{}</style></template>;\nexport const result = T.template.block;"
    )

    assert answer["styles"] == []
    assert "style" in answer["result"]


def test_the_source_map_leads_to_the_authors_lines(evaluate: Evaluate) -> None:
    answer = evaluate(
        """import { on } from '@ember/modifier';

        export class Person {
          get first(): string { return 'second'; }
          static isolated = class {
            <template>
              <b {{on 'click' this.go}}>x</b>
            </template>
            go = () => third();
          };
        }
        declare function third(): void;
        """,
        trace=("first", "'second'", "third()"),
    )
    assert answer["lines"] == [4, 4, 9]
