"""Poems by their form: how many lines they have, which lines rhyme, and which are repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data.draws import Bits
from data.poems.verses import FIVE, LANGUAGES, SEVEN, Verses

if TYPE_CHECKING:
    from collections.abc import Callable

# A poem's lines: lines with the same letter rhyme; a letter and a digit stand for a line that is repeated; a space
# separates stanzas.
SCHEMES = {
    "ballad": "x a y a1 x b y a1 z c v a1 w d u a1",
    "couplet": "aa bb cc dd",
    "limerick": "aabba",
    "ode": "ababcdecde fghfghijij",
    "quatrain": "abab cdcd",
    "rondeau": "aabba aabR1 aabbaR1",
    "sonnet": "abab cdcd efef gg",
    "villanelle": "A1bA2 abA1 abA2 abA1 abA2 abA1A2",
}
HAIKU = "haiku"
FORMS = tuple(sorted([*SCHEMES, HAIKU]))
# Number of poems in a hundred; the others are English.
FOREIGN = {"de": 4, "fr": 3, "es": 3}


class Draws:
    """Small whole numbers from a stream of random bits, taken in large pieces."""

    def __init__(self, seed: int) -> None:
        self._bits = Bits(seed)
        self._left: list[int] = []

    def below(self, count: int) -> int:
        """From 0 to `count` - 1. The probabilities are equal to within one in four thousand million."""
        if not self._left:
            self._left = (self._bits.take(8192) >> 32).tolist()
        return self._left.pop() * count >> 32

    def one_of(self, values: tuple[str, ...]) -> str:
        """One of the values, with equal probability."""
        return values[self.below(len(values))]


def poem(form: str, language: str, draws: Draws) -> str:
    """The text of a poem, with its title in the first line."""
    body = _haiku(draws) if form == HAIKU else _rhymed(SCHEMES[form], LANGUAGES[language], draws)
    return f"{title(language, draws)}\n\n{body}\n"


def title(language: str, draws: Draws) -> str:
    """A poem's title."""
    return draws.one_of(LANGUAGES[language].openings)


def language_of(draws: Draws) -> str:
    """The language of the next poem: one in ten is not English."""
    place = draws.below(100)
    for language, share in FOREIGN.items():
        if place < share:
            return language
        place -= share
    return "en"


def _haiku(draws: Draws) -> str:
    return "\n".join(draws.one_of(lines) for lines in (FIVE, SEVEN, FIVE))


def _rhymed(scheme: str, verses: Verses, draws: Draws) -> str:
    first = draws.below(len(verses.rhymes))
    kept: dict[str, str] = {}
    make: Callable[[str], str] = lambda letter: _line(letter, first, verses, draws)  # noqa: E731
    lines = []
    for sign in _signs(scheme):
        if sign == " ":
            lines.append("")
        elif len(sign) == 1:
            lines.append(make(sign))
        else:
            if sign not in kept:
                kept[sign] = make(sign[0])
            lines.append(kept[sign])
    return "\n".join(lines)


def _line(letter: str, first: int, verses: Verses, draws: Draws) -> str:
    rhyme = verses.rhymes[(ord(letter.lower()) + first) % len(verses.rhymes)]
    return f"{draws.one_of(verses.openings)} {draws.one_of(rhyme)}"


def _signs(scheme: str) -> list[str]:
    signs: list[str] = []
    for sign in scheme:
        if sign.isdigit():
            signs[-1] += sign
        else:
            signs.append(sign)
    return signs
