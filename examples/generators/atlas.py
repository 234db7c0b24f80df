"""Write the instances of `examples/atlas` from public data packages of the npm registry.

The countries are those of `world-countries` (ODbL 1.0), the flags those of
`country-flag-icons` (MIT); both are installed by `make setup`. The definitions beside
the instances (`country.gts` and its neighbours) are written by hand and left alone.
Run it with `python examples/generators/atlas.py [FOLDER]`; the same packages give the
same bytes.
"""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cards import Link, write_card

ROOT = Path(__file__).resolve().parents[2]
COUNTRIES = ROOT / "node_modules" / "world-countries" / "countries.json"
FLAGS = ROOT / "node_modules" / "country-flag-icons" / "3x2"
GENERATED = ("Country", "Region", "Language", "Currency", "flags")

Country = dict[str, Any]


def main(folder: Path) -> int:
    """Replace the generated folders of the realm at `folder`; return the number of cards."""
    countries: list[Country] = json.loads(COUNTRIES.read_text())
    for name in GENERATED:
        shutil.rmtree(folder / name, ignore_errors=True)
    written = [
        *write_regions(folder, countries),
        *write_languages(folder, countries),
        *write_currencies(folder, countries),
        *write_countries(folder, countries),
    ]
    copy_flags(folder, countries)
    return len(written)


def write_countries(folder: Path, countries: list[Country]) -> Iterator[Path]:
    known = {country["cca3"]: slug(country) for country in countries}
    for country in countries:
        latitude, longitude = country["latlng"]
        yield write_card(
            folder / "Country" / f"{slug(country)}.json",
            definition=("../country", "Country"),
            attributes={
                "name": country["name"]["common"],
                "officialName": country["name"]["official"],
                "code": country["cca2"],
                "capital": ", ".join(country["capital"]) or None,
                "regionName": region_name(country),
                "demonym": country["demonyms"].get("eng", {}).get("m") or None,
                # Bouvet Island and its like have a negative or no area in the source.
                "area": country["area"] if country["area"] > 0 else None,
                "latitude": latitude,
                "longitude": longitude,
                "isIndependent": bool(country["independent"]),
                "isUnMember": country["unMember"],
                "isLandlocked": country["landlocked"],
            },
            links={
                "region": Link(f"../Region/{name_slug(region_name(country))}"),
                "languages": [Link(f"../Language/{code}") for code in country["languages"]],
                "currencies": [
                    Link(f"../Currency/{code.lower()}") for code in country["currencies"]
                ],
                "borders": [Link(f"./{known[code]}") for code in country["borders"]],
            },
        )


def write_regions(folder: Path, countries: list[Country]) -> Iterator[Path]:
    continents = {region_name(country): country["region"] for country in countries}
    for region, continent in sorted(continents.items()):
        yield write_card(
            folder / "Region" / f"{name_slug(region)}.json",
            definition=("../region", "Region"),
            attributes={"name": region, "continent": continent},
        )


def write_languages(folder: Path, countries: list[Country]) -> Iterator[Path]:
    names = {code: name for country in countries for code, name in country["languages"].items()}
    for code, name in sorted(names.items()):
        yield write_card(
            folder / "Language" / f"{code}.json",
            definition=("../language", "Language"),
            attributes={"name": name, "code": code},
        )


def write_currencies(folder: Path, countries: list[Country]) -> Iterator[Path]:
    found = {code: money for country in countries for code, money in country["currencies"].items()}
    for code, money in sorted(found.items()):
        yield write_card(
            folder / "Currency" / f"{code.lower()}.json",
            definition=("../currency", "Currency"),
            attributes={"name": money["name"], "code": code, "symbol": money["symbol"]},
        )


def copy_flags(folder: Path, countries: list[Country]) -> None:
    (folder / "flags").mkdir(parents=True, exist_ok=True)
    for country in countries:
        shutil.copyfile(FLAGS / f"{country['cca2']}.svg", folder / "flags" / f"{slug(country)}.svg")


def slug(country: Country) -> str:
    return country["cca2"].lower()


def region_name(country: Country) -> str:
    return country["subregion"] or country["region"]


def name_slug(name: str) -> str:
    return name.lower().replace(" ", "-")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "examples" / "atlas"
    print(f"{main(target)} cards in {target}")
