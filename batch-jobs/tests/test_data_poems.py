from __future__ import annotations

import io
import zipfile
from collections import Counter

import pytest
from data.poems.archive import write_archive
from data.poems.forms import FORMS, SCHEMES, Draws, poem
from data.poems.poison import POISONS


def made(files: int, seed: int = 1, size: int | None = None, poison: str | None = None) -> bytes:
    """A generated archive; a truncated one is whole here, as the output cuts it off."""
    pieces: list[bytes] = []
    for _ in write_archive(files, size, seed, poison, pieces.append):
        pass
    return b"".join(pieces)


def texts(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        return {name: file.read(name) for name in file.namelist() if name.startswith("forms/") and name.endswith("txt")}


def test_the_same_seed_gives_the_same_bytes_and_another_one_different_bytes() -> None:
    assert made(200, seed=7) == made(200, seed=7)
    assert made(200, seed=7) != made(200, seed=8)


@pytest.mark.parametrize("poison", sorted(POISONS.keys() - {"bomb-count", "bomb-total"}))
def test_poison_is_the_same_bytes_too(poison: str) -> None:
    assert made(10, poison=poison) == made(10, poison=poison)


def test_every_form_has_the_requested_number_of_poems() -> None:
    found = texts(made(300))
    assert len(found) == 300
    assert {name.split("/")[1] for name in found} == set(FORMS)


def test_texts_have_the_requested_size() -> None:
    sizes = [len(text.replace(b"\r\n", b"\n")) for text in texts(made(20, size=100_000)).values()]
    assert sum(sizes) == pytest.approx(100_000, abs=20 * 3)
    assert max(sizes) - min(sizes) <= 4


@pytest.mark.parametrize("form", sorted(SCHEMES))
def test_lines_come_back_where_the_form_says_so(form: str) -> None:
    signs = SCHEMES[form]
    came_back = Counter(signs[place - 1 : place + 1] for place, sign in enumerate(signs) if sign.isdigit())
    for seed in range(5):
        lines = Counter(poem(form, "en", Draws(seed)).split("\n")[2:])
        for times in came_back.values():
            assert max(lines[line] for line in lines if line) >= times


def test_couplets_rhyme() -> None:
    from data.poems.verses import LANGUAGES

    rhymes = [set(group) for group in LANGUAGES["en"].rhymes]
    ends = [line.split()[-1] for line in poem("couplet", "en", Draws(3)).split("\n")[2:] if line]
    for first, second in zip(ends[::2], ends[1::2], strict=True):
        assert any({first, second} <= group for group in rhymes)


def test_an_archive_is_written_piece_by_piece() -> None:
    pieces: list[int] = []
    for _ in write_archive(2000, 20_000_000, 1, None, lambda piece: pieces.append(len(piece))):
        pass
    assert len(pieces) > 1
    assert max(pieces) < 2_000_000
