"""Invented people for demonstrations and measurements: valid, unique, and the same again for the same seed.

Uniqueness needs no memory. Person number `i` of a seed takes position `i` of the seed's own block, and a one-to-one
map (`position * factor + shift` modulo the size of the space) spreads the positions over each space of numbers. Seeds
0 to 999 have blocks of their own within one map: their people share no number with each other, up to four million
people a seed. Seeds further apart than that use other maps and meet only by chance, as they meet real numbers.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from math import gcd
from typing import Any

from stdnum import verhoeff

from app.records.birth import latest_birth_date
from app.records.sample_names import REGIONS
from app.records.sample_names.region import Region, Spelling, Town

BLOCK = 4_000_000
BLOCKS = 1_000

LOCALITIES = (
    *("Gandhi Nagar", "Nehru Road", "Station Road", "Civil Lines", "Temple Street", "Market Road", "Lake View Colony"),
    *("Shivaji Chowk", "Subhash Marg", "College Road", "Ring Road", "Hospital Lane", "Old Bazaar", "Ashok Vihar"),
    *("Green Park", "Railway Colony", "Sector 4", "Sector 17", "Model Town", "Vivekananda Street", "Rose Garden Lane"),
)
HOUSES = ("{n}", "House No. {n}", "Flat {n}", "{n}/A", "Door No. {n}", "Plot {n}")
DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com")

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MOBILES = 4 * 10**9
_AADHAARS = 8 * 10**10
_PAN_DIGITS = 9_999
_PANS = 26**3 * _PAN_DIGITS * 26
_MAIL_TAGS = 36**6 * 2
_OLDEST_DAYS = 72 * 365


class _Spread:
    """A one-to-one map of positions onto the numbers below `size`."""

    def __init__(self, size: int, key: random.Random) -> None:
        self.size = size
        self.shift = key.randrange(size)
        self.factor = key.randrange(size // 3, size)
        while gcd(self.factor, size) != 1:
            self.factor += 1

    def at(self, position: int) -> int:
        return (position * self.factor + self.shift) % self.size


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The spaces of everything that is unique, under one key."""

    mobile: _Spread
    aadhaar: _Spread
    pan: _Spread
    mail: _Spread

    @classmethod
    def of(cls, seed: int) -> "_Numbers":
        key = random.Random(f"numbers of {seed // BLOCKS}")  # noqa: S311 - invented people are no secret
        return cls(*(_Spread(size, key) for size in (_MOBILES, _AADHAARS, _PANS, _MAIL_TAGS)))


def generate_people(count: int, seed: int, today: date) -> Iterator[dict[str, Any]]:
    """Invent `count` people as `RecordInput` takes them; canonical spelling, 18 or older on `today`."""
    return islice(_people(seed, today), count)


def _people(seed: int, today: date) -> Iterator[dict[str, Any]]:
    numbers = _Numbers.of(seed)
    draw = random.Random(f"people of {seed}")  # noqa: S311 - invented people are no secret
    youngest = latest_birth_date(today).toordinal()
    position = (seed % BLOCKS) * BLOCK
    while True:
        yield _person(numbers, position, _Dice(draw.getrandbits(192)), youngest)
        position += 1


class _Dice:
    """The chance that one person takes: one long random number, used up piece by piece."""

    __slots__ = ("rest",)

    def __init__(self, rest: int) -> None:
        self.rest = rest

    def below(self, limit: int) -> int:
        self.rest, value = divmod(self.rest, limit)
        return value


def _person(numbers: _Numbers, position: int, dice: _Dice, youngest: int) -> dict[str, Any]:
    region = REGIONS[dice.below(len(REGIONS))]
    name, mail_name, initial = _names(region, dice)
    home = region.towns[dice.below(len(region.towns))]
    born_in = region.towns[dice.below(len(region.towns))]
    current = _address(home, dice)
    mobile = numbers.mobile.at(position) + 6 * 10**9
    tag = _base36(numbers.mail.at(position))
    age_days = min(dice.below(_OLDEST_DAYS), dice.below(_OLDEST_DAYS))
    return {
        "name": name,
        "email": f"{mail_name}.{tag}@{DOMAINS[dice.below(len(DOMAINS))]}",
        "primary_mobile": str(mobile),
        "secondary_mobile": _second_mobile(mobile, dice),
        "aadhaar": _aadhaar(numbers.aadhaar.at(position)),
        "pan": _pan(numbers.pan.at(position), initial),
        "date_of_birth": date.fromordinal(youngest - age_days).isoformat(),
        "place_of_birth": born_in.native if dice.below(4) == 0 else f"{born_in.latin}, {born_in.state}",
        "current_address": current,
        "permanent_address": current if dice.below(3) else _address(born_in, dice),
        "is_active": dice.below(20) != 0,
    }


def _names(region: Region, dice: _Dice) -> tuple[str, str, str]:
    """Draw a name; return it as written, as it stands in an e-mail address, and the initial a PAN would carry."""
    is_man = dice.below(2)
    given_names = region.men if is_man else region.women
    given = given_names[dice.below(len(given_names))]
    surname = region.surnames[dice.below(len(region.surnames))]
    father = region.men[dice.below(len(region.men))]
    habit = region.habits[dice.below(len(region.habits))]
    name = _written(habit, dice.below(2), given, (surname, father, region.titles[is_man]))
    has_surname = "{surname}" in habit
    mail_name = f"{given.latin}.{surname.latin}" if has_surname else given.latin
    family = surname if has_surname else given
    return name, mail_name.replace("’", "").lower(), family.latin[0]


def _written(habit: str, in_native: int, given: Spelling, others: tuple[Spelling, Spelling, Spelling]) -> str:
    surname, father, title = others
    return habit.format(
        given=given[in_native],
        surname=surname[in_native],
        father=father[in_native],
        title=title[in_native],
        initial=father.latin[0],
    )


def _address(town: Town, dice: _Dice) -> str:
    house = HOUSES[dice.below(len(HOUSES))].replace("{n}", str(dice.below(400) + 1))
    locality = LOCALITIES[dice.below(len(LOCALITIES))]
    return f"{house}, {locality}\n{town.latin}, {town.state} {town.pin_start}{dice.below(99) + 1:03d}"


def _second_mobile(first: int, dice: _Dice) -> str | None:
    if dice.below(10) >= 3:
        return None
    drawn = dice.below(_MOBILES) + 6 * 10**9
    return str(drawn if drawn != first else drawn - 1 if drawn > 6 * 10**9 else drawn + 1)


def _aadhaar(number: int) -> str:
    digits = str(number + 2 * 10**10)
    return digits + verhoeff.calc_check_digit(digits)


def _pan(number: int, initial: str) -> str:
    number, last = divmod(number, 26)
    number, digits = divmod(number, _PAN_DIGITS)
    first, rest = divmod(number, 26 * 26)
    second, third = divmod(rest, 26)
    return f"{_LETTERS[first]}{_LETTERS[second]}{_LETTERS[third]}P{initial}{digits + 1:04d}{_LETTERS[last]}"


def _base36(number: int) -> str:
    characters = []
    while number:
        number, value = divmod(number, 36)
        characters.append("0123456789abcdefghijklmnopqrstuvwxyz"[value])
    return "".join(reversed(characters)) or "0"
