"""Write the instances of `examples/insurance`: one office's customers, policies and claims.

The size and shape are those of the dashboard that pull request #4934 measured: about
900 instances, five query-backed fields on the dashboard, policies asked for under each
customer and claims under each policy. Everything follows from one seed, so the same
seed gives the same bytes. Run it with
`python examples/generators/insurance.py [FOLDER] [SEED]`.
"""

import shutil
import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from cards import Link, write_card

ROOT = Path(__file__).resolve().parents[2]
# The day on which this office is looked at.
TODAY = date(2026, 6, 30)
CUSTOMERS = 120
AGENTS = 12
POLICIES_PER_CUSTOMER = (1, 3)
CLAIMS_PER_POLICY = (0, 4)

PRODUCTS = (
    ("Home", "property", 320),
    ("Contents", "property", 140),
    ("Car", "motor", 540),
    ("Motorcycle", "motor", 260),
    ("Travel", "person", 90),
    ("Health", "person", 1250),
    ("Life", "person", 480),
    ("Pet", "person", 210),
    ("Liability", "business", 760),
    ("Workshop", "business", 1480),
)
FIRST_NAMES = (
    "Ada Amir Anna Bela Carla Chen Dara Diego Elif Emil Fatma Felix Grace Hana Henrik Ines Ivo "
    "Jana Jonas Kaya Kofi Lea Lin Maja Marco Mei Nadia Nils Olga Omar Pia Ravi Rosa Sami Selma "
    "Tariq Tess Uma Viktor Yara"
).split()
LAST_NAMES = (
    "Abbott Aydin Baker Berg Brandt Costa Dahl Diaz Evans Fischer Fontaine Garcia Haas Hansen "
    "Ito Jansen Kaplan Keller Khan Kowalski Larsen Lopez Marin Meyer Moreau Nakamura Novak Okafor "
    "Olsen Petrov Quist Rossi Santos Schmid Silva Tanaka Varga Weber Yilmaz Zhang"
).split()
CITIES = "Bremen Ghent Graz Leeds Lyon Malmo Nantes Porto Turin Utrecht".split()
MISHAPS = (
    "A pipe burst behind the kitchen wall.",
    "Hail broke the skylight.",
    "The parked car was hit overnight.",
    "Luggage did not arrive with the flight.",
    "A bicycle was taken from the cellar.",
    "The washing machine flooded the flat below.",
    "A visitor slipped on the stairs.",
    "The dog swallowed a tennis ball.",
    "A storm lifted the shed roof.",
    "The windscreen cracked on the motorway.",
)


def main(folder: Path, seed: int = 4934) -> int:
    """Replace the instances of the realm at `folder`; return their number."""
    for name in ("Agent", "Product", "Customer", "Policy", "Claim", "Dashboard"):
        shutil.rmtree(folder / name, ignore_errors=True)
    return Office(folder, Random(seed)).write()


class Office:
    """One insurance office, written card by card."""

    def __init__(self, folder: Path, random: Random) -> None:
        self.folder = folder
        self.random = random
        self.written = 0

    def write(self) -> int:
        for position in range(AGENTS):
            self.agent(position)
        for code, (name, line, premium) in enumerate(PRODUCTS):
            self.product(code, name, line, premium)
        for position in range(CUSTOMERS):
            self.customer(position)
        self.card("Dashboard/office", "Dashboard", {"name": "Harbour Street office"})
        return self.written

    def agent(self, position: int) -> None:
        first, last = self.person()
        self.card(
            f"Agent/agent-{position + 1:02}",
            "Agent",
            {
                "firstName": first,
                "lastName": last,
                "email": f"{first}.{last}@harbour.example".lower(),
                "since": str(self.day_before(TODAY, 4000)),
            },
        )

    def product(self, code: int, name: str, line: str, premium: int) -> None:
        self.card(
            f"Product/{name.lower()}",
            "Product",
            {"code": f"P{code + 1:02}", "name": name, "line": line, "basePremium": premium},
        )

    def customer(self, position: int) -> None:
        first, last = self.person()
        number = f"C{position + 1:04}"
        joined = self.day_before(TODAY, 3000)
        agent = self.random.randrange(AGENTS) + 1
        self.card(
            f"Customer/{number.lower()}",
            "Customer",
            {
                "number": number,
                "firstName": first,
                "lastName": last,
                "email": f"{first}.{last}{position}@mail.example".lower(),
                "city": self.random.choice(CITIES),
                "joined": str(joined),
                "tier": self.random.choices(("standard", "silver", "gold"), (6, 3, 1))[0],
            },
            {"agent": Link(f"../Agent/agent-{agent:02}")},
        )
        for position_of_policy in range(self.random.randint(*POLICIES_PER_CUSTOMER)):
            self.policy(number, position_of_policy, joined, agent)

    def policy(self, customer: str, position: int, joined: date, agent: int) -> None:
        name, _line, premium = self.random.choice(PRODUCTS)
        number = f"{customer}-{position + 1}"
        starts = joined + timedelta(days=self.random.randrange((TODAY - joined).days + 1))
        ended = self.random.random() < 0.2
        self.card(
            f"Policy/{number.lower()}",
            "Policy",
            {
                "number": number,
                "customerNumber": customer,
                "premium": round(premium * self.random.uniform(0.8, 1.6), 2),
                "starts": str(starts),
                "status": "ended" if ended else "active",
            },
            {
                "customer": Link(f"../Customer/{customer.lower()}"),
                "product": Link(f"../Product/{name.lower()}"),
                "agent": Link(f"../Agent/agent-{agent:02}"),
            },
        )
        for position_of_claim in range(self.random.randint(*CLAIMS_PER_POLICY)):
            self.claim(number, position_of_claim, starts)

    def claim(self, policy: str, position: int, starts: date) -> None:
        number = f"{policy}-{position + 1}"
        happened = starts + timedelta(days=self.random.randrange((TODAY - starts).days + 1))
        self.card(
            f"Claim/{number.lower()}",
            "Claim",
            {
                "number": number,
                "policyNumber": policy,
                "happened": str(happened),
                "amount": round(self.random.lognormvariate(6.5, 1.0), 2),
                "status": self.random.choices(("open", "paid", "refused"), (3, 6, 1))[0],
                "description": self.random.choice(MISHAPS),
            },
            {"policy": Link(f"../Policy/{policy.lower()}")},
        )

    def person(self) -> tuple[str, str]:
        return self.random.choice(FIRST_NAMES), self.random.choice(LAST_NAMES)

    def day_before(self, day: date, within_days: int) -> date:
        return day - timedelta(days=self.random.randrange(1, within_days))

    def card(
        self,
        path: str,
        definition: str,
        attributes: dict[str, Any],
        links: dict[str, Link] | None = None,
    ) -> None:
        write_card(
            self.folder / f"{path}.json",
            definition=(f"../{definition.lower()}", definition),
            attributes=attributes,
            links=links,
        )
        self.written += 1


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "examples" / "insurance"
    chosen_seed = int(sys.argv[2]) if len(sys.argv) > 2 else 4934
    print(f"{main(target, chosen_seed)} cards in {target}")
