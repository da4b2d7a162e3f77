"""Verses: openings of lines, and rhyming words, for each language.

A line is an opening and a rhyming word. The lines don't mean much; a model can learn only the forms: how many
lines there are, which of them rhyme, and which are repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product


@dataclass(frozen=True)
class Verses:
    """A language's openings, and its words by rhyme, with the same number of words for each rhyme."""

    openings: tuple[str, ...]
    rhymes: tuple[tuple[str, ...], ...]


def _verses(subjects: str, verbs: str, ways: str, rhymes: str) -> Verses:
    parts = (part.split("|") for part in (subjects, verbs, ways))
    openings = tuple(" ".join(words) for words in product(*parts))
    return Verses(openings, tuple(tuple(group.split()) for group in rhymes.split("|")))


LANGUAGES = {
    "en": _verses(
        "The silver river|A weary sailor|My gentle mother|The winter moon|Her golden lantern|The patient shepherd|"
        "An old and broken bell|The wind that wakes the town|That little crooked house|The last of all the leaves|"
        "No bird of early spring|A voice that once was young",
        "remembers|follows|sings of|forgets|waits for|returns to|dreams of|whispers to|is lost in|goes out to",
        "the hills and the|a far and|this lonely|the dark and the|all her|that quiet|my own|the shining",
        "night light sight flight height|sea free tree lea bee|rain grain lane chain plain|day bay clay way May|"
        "stone throne bone moan loan|heart part art dart start|sky eye sigh rye lie|sleep deep keep sheep steep",
    ),
    "de": _verses(
        "Der stille Wald|Die alte Uhr|Ein müder Wanderer|Das kleine Haus|Der Wind vom Meer|Die Frau im Garten",
        "erzählt von|wartet auf|vergisst|träumt von|verliert sich in|kehrt zurück zu",
        "der und der|meiner|einer weiten|dieser stillen|der langen und der|keiner",
        "Nacht Pracht Macht|Zeit Leid Kleid|Ruh Schuh Kuh|Hand Land Sand|Licht Sicht Pflicht",
    ),
    "fr": _verses(
        "Le vent du soir|La belle étoile|Un vieux bateau|Ma douce enfance|Le rossignol des bois|Une ombre dans la rue",
        "se souvient de|appelle|chante pour|attend|oublie|revient vers",
        "la longue|une autre|ma seule|cette pâle|la première et la dernière|toute la",
        "nuit pluie vie envie|fleur douleur couleur chaleur|mer amer hiver vers|peine reine plaine fontaine",
    ),
    "es": _verses(
        "La luna de abril|El viejo molino|Mi corazón|Una paloma blanca|El agua de la fuente|Tu voz en la noche",
        "recuerda|busca|espera|canta por|olvida|vuelve con",
        "la triste|una larga|mi clara|esta dulce|la sola y la|toda la",
        "mañana campana ventana hermana|flor amor dolor color|vida herida perdida partida|luna cuna laguna ninguna",
    ),
}
"""By ISO 639-1 code."""

# Lines of five and of seven syllables.
FIVE = (
    "an old silent pond",
    "the first cold shower",
    "over the wet fields",
    "a crow on a branch",
    "autumn evening falls",
    "light of the moon moves",
    "snow on the temple",
    "the last lamp goes out",
    "a bell in the fog",
    "steam over the rice",
)
SEVEN = (
    "a frog jumps into the still",
    "even the monkey seems cold",
    "nobody walks on this road",
    "the sound of water all night",
    "one leaf turns and turns again",
    "my shadow crosses the bridge",
    "wild geese write on the grey sky",
    "a child counts the drops of rain",
)
