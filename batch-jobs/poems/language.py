"""Guesses a poem's language by its script, and for Latin letters by the most frequent words."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter

# ISO 639-3: the language is unknown.
UNKNOWN = "und"
LOOKED_AT = 2_000
MIN_WORDS = 2

# Words that make up much of any text of a language: articles, prepositions, pronouns, conjunctions. A word that two
# languages share counts for both, so each list has enough words of its own.
_WORDS = {
    "en": "the of and to in that is was my with for his her thy from they this not are when were upon shall which",
    "de": "der die das und ist nicht ich ein eine du wie mit auf dem den sich von im zu es wir aus wenn noch nur",
    "fr": "le la les et des un une dans que qui est je tu pour sur pas mon ton son nous vous au du ce elle aux",
    "es": "el la los las y de que en un una mi tu con por para como es del no se yo su más sin al cuando",
    "it": "il lo la gli e di che un una in mio tuo con per come è del della non si io sono nel alla più ma",
    "pt": "o a os as e de que em um uma meu teu com por para como é do da não se eu seu mais na no quando",
    "nl": "de het een en van ik je niet is dat met op voor zijn aan er mijn hij zij wij maar nog als door uit",
}
_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _common in _WORDS.items():
    for _word in set(_common.split()):
        _LANGUAGES_OF.setdefault(_word, []).append(_language)
_SCRIPTS = {
    "ARABIC": "ar",
    "CYRILLIC": "ru",
    "DEVANAGARI": "hi",
    "GREEK": "el",
    "HANGUL": "ko",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "zh",
}
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")


def guess_language(text: str) -> str:
    """ISO 639-1 code of the most likely language; `und` if nothing indicates one.

    It is a guess: for dialects, Old English or nonsense verse, the result may be any language.
    """
    start = text[:LOOKED_AT]
    if not start.isascii() and (language := _by_script(start)) is not None:
        return language
    words = _WORD.findall(start.lower())
    scores = Counter(itertools.chain.from_iterable(filter(None, map(_LANGUAGES_OF.get, words))))
    best, score = max(scores.items(), key=lambda each: each[1], default=(UNKNOWN, 0))
    return best if score >= max(MIN_WORDS, len(words) / 20) else UNKNOWN


def _by_script(text: str) -> str | None:
    letters = _LETTER.findall(text)
    foreign = Counter(
        _SCRIPTS.get(unicodedata.name(letter, "").partition(" ")[0]) for letter in letters if not letter.isascii()
    )
    foreign.pop(None, None)
    if sum(foreign.values()) * 2 < len(letters):
        return None
    # Japanese uses its own letters and Chinese characters. Its own letters show that a text is Japanese.
    return "ja" if foreign["ja"] else foreign.most_common(1)[0][0] if foreign else None
