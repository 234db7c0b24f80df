"""What compiled code does: classes, decorators, types, templates, in a real Node."""

from tests.transpiler.conftest import Evaluate

# Shaped like the card API's `field`: it reads the initializer of the property it decorates.
FIELD = """
export const field = (target, key, descriptor) => {
  (target.fields ??= {})[key] = descriptor.initializer?.call(target);
  return { get() { return `field ${key}`; }, configurable: true };
};
export const contains = (type, options) => ({ type, ...options });
"""


def test_a_field_decorator_sees_the_initializer(evaluate: Evaluate) -> None:
    answer = evaluate(
        """
        import { field, contains } from 'card-api';
        class Person {
          @field name = contains('String');
          @field age = contains('Number', { computeVia: function (this: Person) { return 1; } });
        }
        export const result = [Person.prototype.fields.name, new Person().name, new Person().age];
        """,
        give={"card-api": FIELD},
    )
    assert answer["result"] == [{"type": "String"}, "field name", "field age"]


def test_decorators_wrap_getters_and_methods(evaluate: Evaluate) -> None:
    answer = evaluate(
        """
        const twice = (_t: object, _k: string, d: PropertyDescriptor) =>
          d.get ? { get() { return d.get!.call(this) * 2; } }
                : { value(...a: number[]) { return d.value.apply(this, a) * 2; } };
        class A { @twice get x() { return 2; } @twice y(n: number) { return n; } }
        export const result = [new A().x, new A().y(5)];
        """
    )
    assert answer["result"] == [4, 10]


def test_private_members_declared_fields_and_parameters_keep_their_meaning(
    evaluate: Evaluate,
) -> None:
    answer = evaluate(
        """
        class Base { z = 'from base'; }
        class A extends Base {
          #secret = 1;
          declare z: string;
          untouched?: string;
          constructor(public name: string) { super(); }
          get secret(): number { return this.#secret; }
          static #count = 7;
          static count() { return A.#count; }
        }
        const a = new A('x');
        export const result = [a.secret, a.z, a.name, 'untouched' in a, A.count()];
        """
    )
    assert answer["result"] == [1, "from base", "x", True, 7]


def test_enums_and_assertions_compile(evaluate: Evaluate) -> None:
    answer = evaluate(
        """
        export enum Color { Red, Blue = 5, Green = 'g' as any }
        const x = { a: 1 } satisfies Record<string, number>;
        export const result = [Color.Blue, Color[0], x!.a, <number>(2 as unknown)];
        """,
        path="color.ts",
    )
    assert answer["result"] == [5, "Red", 1, 2]


def test_imports_of_types_alone_disappear(evaluate: Evaluate) -> None:
    answer = evaluate(
        """
        import type { A } from './gone';
        import { B } from './gone-too';
        import { type C, here } from 'here';
        export const result: [A, B, C] = here;
        """,
        give={"here": "export const here = 3;"},
    )
    assert answer["result"] == 3


def test_a_class_carries_the_template_it_holds(evaluate: Evaluate) -> None:
    answer = evaluate(
        """
        class Card {
          static isolated = class Isolated { <template><b>{{@model.name}}</b></template> };
        }
        export const result = [Card.isolated.template.block, Card.isolated.template.moduleName];
        """,
        path="people/person.gts",
    )
    block, module_name = answer["result"]
    assert "@model" in block
    assert module_name == "/people/person.gts"


def test_templates_refer_to_what_is_in_scope(evaluate: Evaluate) -> None:
    answer = evaluate(
        """
        import { on } from '@ember/modifier';
        const Inner = <template>in</template>;
        export const result = () => {
          const shadow = 'inner';
          const Outer = <template><Inner {{on 'click' shadow}} /></template>;
          return Outer.template.scope();
        };
        const shadow = 'outer';
        """
    )
    assert answer["result"]["shadow"] == "inner"
    assert answer["result"]["on"] == "on"
    assert answer["result"]["Inner"]["isTemplateOnly"]


def test_a_lone_template_is_the_default_export(evaluate: Evaluate) -> None:
    answer = evaluate("<template>hello</template>")

    assert answer["exports"] == ["default"]
    assert answer["registered"] == [["default"]]


def test_a_template_may_hold_backticks_quotes_and_dollars(evaluate: Evaluate) -> None:
    answer = evaluate(
        "const T = <template>a`b${c} \"d\" 'e' \\n</template>;\nexport const result = T.template.block;"
    )
    assert "a`b${c} \\\"d\\\" 'e' \\\\n" in answer["result"]


def test_loops_of_tasks_become_generators(evaluate: Evaluate) -> None:
    answer = evaluate(
        """
        import { restartableTask } from 'ember-concurrency';
        class A { save = restartableTask(async () => { await 1; return 2; }); }
        export const result = new A().save;
        """,
        give={
            "ember-concurrency": "export const restartableTask = () => 'slow';",
            "ember-concurrency/async-arrow-runtime": (
                "export const buildTask = (context) => context().generator.constructor.name;"
            ),
        },
    )
    assert answer["result"] == "GeneratorFunction"
