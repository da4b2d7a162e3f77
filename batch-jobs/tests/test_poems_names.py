from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from poems.names import Place, Skipped, UnsafeName, place_of

# Parts that are troublesome somewhere, more often than chance has them.
PARTS = st.one_of(
    st.sampled_from(
        ["..", ".", "", "ode", "Ode", "forms", "C:", "~", "_", "-", "__MACOSX", "con", " ", "a.txt", "é", "e\u0301"]
    ),
    st.text(max_size=12),
)
NAMES = st.one_of(
    st.text(max_size=40),
    st.lists(PARTS, max_size=6).flatmap(lambda parts: st.sampled_from(["/", "\\"]).map(lambda sep: sep.join(parts))),
    st.tuples(PARTS, PARTS).map(lambda parts: f"{parts[0]}/{parts[1]}.txt"),
)


@given(NAMES)
@example("forms/../ode/a.txt")
@example("..\\ode\\a.txt")
@example("ode/a\u0000.txt")
@example("ode/.../a.txt")
def test_whatever_a_name_is_its_place_is_below_the_lake_or_it_is_refused(name: str) -> None:
    try:
        place = place_of(name)
    except UnsafeName:
        return
    if isinstance(place, Skipped):
        return
    form, file = place.key.split("/")
    assert form not in ("", ".", "..")
    # Names that begin with _ are the lake's own: its manifest and its catalogue.
    assert form[0].isalnum()
    assert file.lower().endswith(".txt")
    assert not file.startswith(".")
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in place.key)
    assert "\\" not in place.key
    assert unicodedata.is_normalized("NFC", place.key)
    assert form == form.lower()
    assert len(place.key.encode()) < 800


@given(NAMES)
def test_a_place_is_its_own_place(name: str) -> None:
    try:
        place = place_of(name)
    except UnsafeName:
        return
    if isinstance(place, Place):
        assert place_of(place.key) == place


@given(st.lists(st.sampled_from(["a", "b", ".", ".."]), max_size=8))
def test_a_name_that_goes_up_is_never_taken_wherever_it_ends(parts: list[str]) -> None:
    name = "/".join([*parts, "a.txt"])
    if ".." in parts:
        with pytest.raises(UnsafeName, match="leads out of its folder"):
            place_of(name)


@pytest.mark.parametrize(
    ("name", "form", "file"),
    [
        ("ode/a.txt", "ode", "a.txt"),
        ("forms/Free Verse/A b.TXT", "free-verse", "A b.TXT"),
        ("a/b/c/I_Love_You/x.txt", "i-love-you", "x.txt"),
        ("forms\\haiku\\x.txt", "haiku", "x.txt"),
        ("./forms//haiku/x.txt", "haiku", "x.txt"),
        ("E\u0301le\u0301gie/1.txt", "élégie", "1.txt"),
    ],
)
def test_the_form_is_the_folder_that_a_poem_lies_in(name: str, form: str, file: str) -> None:
    assert place_of(name) == Place(form, file)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("../a.txt", "leads out"),
        ("ode/../../a.txt", "leads out"),
        ("ode\\..\\..\\a.txt", "leads out"),
        ("/ode/a.txt", "absolute"),
        ("\\\\server\\share\\a.txt", "absolute"),
        ("C:\\ode\\a.txt", "absolute"),
        ("c:a.txt", "absolute"),
        ("ode/a.txt\0.zip", r"control character U\+0000"),
        ("ode/a\x1b[31m.txt", r"control character U\+001B"),
        ("ode/" + "é" * 128 + ".txt", "more than 255 bytes"),
        ("", "names no file"),
        ("./", "names no file"),
        ("ode/inner.ZIP", "an archive within the archive"),
        ("ode/inner.tar.gz", "an archive within the archive"),
    ],
)
def test_a_name_that_no_honest_archive_has_is_refused(name: str, problem: str) -> None:
    with pytest.raises(UnsafeName, match=problem):
        place_of(name)


@pytest.mark.parametrize(
    ("name", "folder", "reason"),
    [
        ("__MACOSX/ode/._a.txt", "", "hidden"),
        ("ode/.DS_Store", "", "hidden"),
        ("ode/Thumbs.db", "", "hidden"),
        ("ode/a.md", "", "no .txt file"),
        ("README.txt", "", "in no form's folder"),
        ("--/a.txt", "", "without a form's name"),
        ("topics/love/a.txt", "forms", "outside of the folder forms"),
        ("forms/README.txt", "forms/", "in no form's folder"),
    ],
)
def test_a_file_that_isnt_a_poem_is_skipped_with_the_reason(name: str, folder: str, reason: str) -> None:
    place = place_of(name, folder)
    assert isinstance(place, Skipped)
    assert reason in place.reason


def test_forms_are_taken_from_the_folder_that_is_named() -> None:
    assert place_of("poems/forms/ode/a.txt", "poems\\forms/") == Place("ode", "a.txt")
