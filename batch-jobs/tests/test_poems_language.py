from __future__ import annotations

import pytest
from data.poems.forms import Draws, poem
from data.poems.verses import LANGUAGES

from poems.language import UNKNOWN, guess_language


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_generated_poems_are_mostly_of_their_language(language: str) -> None:
    draws = Draws(1)
    guesses = [guess_language(poem("sonnet", language, draws)) for _ in range(50)]
    assert guesses.count(language) >= 49


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Shall I compare thee to a summer's day?\nThou art more lovely and more temperate", "en"),
        ("Über allen Gipfeln\nist Ruh, in allen Wipfeln spürest du kaum einen Hauch;\ndie Vögelein schweigen", "de"),
        ("Sous le pont Mirabeau coule la Seine\net nos amours faut-il qu'il m'en souvienne", "fr"),
        ("Nel mezzo del cammin di nostra vita\nmi ritrovai per una selva oscura che la diritta via", "it"),
        ("Я вас любил: любовь ещё, быть может", "ru"),
        ("古池や蛙飛びこむ水の音", "ja"),
        ("床前明月光", "zh"),
        ("Μῆνιν ἄειδε θεὰ", "el"),
        ("", UNKNOWN),
        ("12 34 !?", UNKNOWN),
        ("Twas brillig", UNKNOWN),
        ("\0\ufffd\ufffd", UNKNOWN),
    ],
)
def test_a_language_is_recognised_by_its_letters_and_most_common_words(text: str, language: str) -> None:
    assert guess_language(text) == language
