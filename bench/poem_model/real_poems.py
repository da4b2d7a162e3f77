"""`PACKAGE OUT`: makes a zip of poems from the npm package chinese-poetry, with a folder for each form."""

from __future__ import annotations

import json
import sys
import tarfile
import zipfile
from typing import Any

# Files of the package by the form of their poems. Each of the first two kinds has a thousand poems.
COLLECTIONS = {
    "shi": [f"quantangshi/poet.tang.{number}.json" for number in range(0, 6000, 1000)],
    "ci": [f"songci/ci.song.{number}.json" for number in range(0, 2000, 1000)],
    "shijing": ["shijing/shijing.json"],
    "chuci": ["chuci/chuci.json"],
}
# Some titles are whole sentences, and a file's name has 255 bytes.
MAX_TITLE = 60


def title_of(poem: dict[str, Any]) -> str:
    """The title; a poem written to a known tune has the tune's name."""
    return str(poem.get("title") or poem["rhythmic"])


def text_of(poem: dict[str, Any]) -> str:
    """Title, an empty line, and the poem."""
    return "\n".join([title_of(poem), "", *(poem.get("paragraphs") or poem["content"])])


def main(package: str, out: str) -> None:
    """Writes the zip and prints how many characters the poems of each form have."""
    characters = dict.fromkeys(COLLECTIONS, 0)
    with tarfile.open(package) as tar, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for form, files in COLLECTIONS.items():
            collected = [tar.extractfile(f"package/dist/{file}") for file in files]
            poems = [poem for file in collected if file is not None for poem in json.load(file)]
            for number, poem in enumerate(poems):
                text = text_of(poem)
                characters[form] += len(text)
                title = title_of(poem)[:MAX_TITLE].replace("/", "-")
                archive.writestr(f"{form}/{number:05} {title}.txt", text)
    sys.stdout.write(json.dumps(characters))


if __name__ == "__main__":
    main(*sys.argv[1:3])
