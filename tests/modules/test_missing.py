"""Imports that lead nowhere: told with the module, the importer and a near miss."""

import pytest
from tests.modules.conftest import House

pytestmark = pytest.mark.anyio


async def test_a_missing_module_is_named_with_its_importer_and_a_near_miss(house: House) -> None:
    await house.save("people/person.gts", "export class Person {}")
    await house.save(
        "people/employee.gts",
        "import { Person } from './persn';\nexport class Employee extends Person {}",
    )

    manifest = await house.service.manifest(house.realm)

    (problem,) = manifest.modules["http://realm.test/atlas/people/employee"].errors
    assert problem.detail == (
        "`./persn` was not found, imported by `/people/employee.gts`. Did you mean `./person`?"
    )
    assert problem.module == "http://realm.test/atlas/people/persn"
    assert problem.importer == "http://realm.test/atlas/people/employee"
    assert (problem.line, problem.column) == (1, 23)


async def test_a_missing_name_is_named_with_a_near_miss(house: House) -> None:
    await house.save(
        "a.gts", "import { Strng } from '@cardstack/base/string';\nexport const a = Strng;"
    )

    assert await house.problems("a") == [
        "`Strng` is not exported by `@cardstack/base/string`, imported by `/a.gts`. "
        "Did you mean `StringField`?"
    ]


async def test_a_name_is_found_through_export_star_and_the_host(house: House) -> None:
    await house.save("hub.ts", "export * from './far';\nexport * from '@realmkit/card-api';")
    await house.save("far.ts", "export const far = 1;")
    await house.save(
        "a.ts", "import { far, CardDef } from './hub';\nexport const a = [far, CardDef];"
    )

    assert await house.problems("a") == []


async def test_a_default_does_not_pass_through_export_star(house: House) -> None:
    await house.save("hub.ts", "export * from './far';")
    await house.save("far.ts", "const far = 1;\nexport default far;\nexport const near = 2;")
    await house.save("a.ts", "import far from './hub';\nexport const a = far;")

    assert await house.problems("a") == [
        "`default` is not exported by `./hub`, imported by `/a.ts`. Did you mean `near`?"
    ]


async def test_a_missing_name_of_the_host_is_told_too(house: House) -> None:
    await house.save("a.ts", "import { feild } from '@realmkit/card-api';\nexport const a = feild;")

    assert await house.problems("a") == [
        "`feild` is not exported by `@realmkit/card-api`, imported by `/a.ts`. "
        "Did you mean `field`?"
    ]


async def test_an_unknown_package_is_told_with_a_near_miss(house: House) -> None:
    await house.save("a.ts", "import C from '@glimmer/componet';\nexport const a = C;")

    assert await house.problems("a") == [
        "`@glimmer/componet` was not found, imported by `/a.ts`. Did you mean `@glimmer/component`?"
    ]


async def test_an_unknown_icon_is_told_with_a_near_miss(house: House) -> None:
    await house.save("a.ts", "import I from '@cardstack/boxel-icons/user';\nexport const a = I;")

    assert await house.problems("a") == [
        "`@cardstack/boxel-icons/user` was not found, imported by `/a.ts`. "
        "Did you mean `@cardstack/boxel-icons/users`?"
    ]


async def test_a_type_that_is_imported_is_no_missing_name(house: House) -> None:
    await house.save("types.ts", "export interface Shape { a: string }\nexport const x = 1;")
    await house.save(
        "a.ts",
        "import { Shape, x } from './types';\nimport type { Other } from './nowhere';\n"
        "export const a: Shape | Other = { a: String(x) };",
    )

    assert await house.problems("a") == []


async def test_problems_reach_every_importer_and_leave_with_the_repair(house: House) -> None:
    await house.save("a.ts", "import './b'; export const a = 1;")
    await house.save("b.ts", "import './c'; export const b = 1;")
    assert await house.problems("a") == ["`./c` was not found, imported by `/b.ts`."]

    await house.save("c.ts", "export const c = 1;")

    assert await house.problems("a") == []


async def test_a_module_that_imports_one_that_does_not_compile_says_so(house: House) -> None:
    await house.save("bad.gts", "export default ;")
    await house.save("a.ts", "import './bad'; export const a = 1;")

    (problem,) = (
        (await house.service.manifest(house.realm)).modules["http://realm.test/atlas/a"].errors
    )

    assert problem.title == "Module Does Not Compile"
    assert problem.module == "http://realm.test/atlas/bad"
    assert (problem.line, problem.column) == (1, 15)


async def test_a_module_imported_later_may_be_missing_now(house: House) -> None:
    await house.save("a.ts", "export const a = () => import('./later');")

    assert await house.problems("a") == []
    assert '"http://realm.test/atlas/later"' in await house.text("a")


async def test_problems_can_be_asked_for_one_module(house: House) -> None:
    await house.save("a.ts", "import './nowhere'; export const a = 1;")

    (problem,) = await house.service.problems_of("http://realm.test/atlas/a")

    assert problem.title == "Module Not Found"


async def test_a_module_of_another_server_is_imported_as_written(house: House) -> None:
    await house.save("a.ts", "import qr from 'https://esm.run/qrcode';\nexport const a = qr;")

    assert await house.problems("a") == []
    assert '"https://esm.run/qrcode"' in await house.text("a")
