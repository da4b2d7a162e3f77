"""The command `poems`."""

from __future__ import annotations

import argparse

from data.numbers import seed, whole_number
from data.output import STANDARD_OUTPUT, open_output
from data.poems.archive import write_archive
from data.poems.poison import KEPT_SHARE_OF_TRUNCATED, POISONS
from data.progress import Progress

MAX_FILES = 1_000_000
MAX_BYTES = 10**10
SUFFIX = ".zip"

EXAMPLES = """examples:
  npm run data -- poems --files 1000 --seed 1 --out poems.zip
  npm run data -- poems --files 100000 --bytes 1000000000 --seed 1 --out large.zip
  npm run data -- poems --files 100 --seed 2 --poison zip-slip --out bad.zip

poison:
"""


def add_command(generators: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `poems` to the generators."""
    parser = generators.add_parser(
        "poems",
        help="poems in a zip, a text file each, in folders by their form",
        description="A zip of text files, forms/{form}/{name}.txt. The same arguments give the same bytes.",
        epilog=EXAMPLES + "\n".join(f"  {kind:<18} {poison.what}" for kind, poison in POISONS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--files", type=_files, default=1000, metavar="N", help="how many poems (default 1000)")
    parser.add_argument(
        "--bytes",
        type=_bytes,
        metavar="B",
        help="size of all texts; a file gets further poems of its form until it is reached (default: a poem a file)",
    )
    parser.add_argument("--seed", type=seed, required=True, metavar="S", help="0 or more; draws the poems")
    parser.add_argument("--out", required=True, metavar="FILE", help="a .zip file, or - for standard output")
    parser.add_argument("--poison", choices=POISONS, metavar="KIND", help="put one danger into the archive")
    parser.set_defaults(run=lambda asked: run(asked, parser))


def run(asked: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Makes the archive that the arguments describe."""
    if asked.out != STANDARD_OUTPUT and not asked.out.endswith(SUFFIX):
        parser.error(f"--out {asked.out}: give a name that ends in {SUFFIX}, or - for standard output")
    progress = Progress(asked.files, "files")
    kept_share = KEPT_SHARE_OF_TRUNCATED if asked.poison == "truncated" else 1.0
    with open_output(asked.out, kept_share=kept_share) as write:
        for done in write_archive(asked.files, asked.bytes, asked.seed, asked.poison, write):
            progress(done)
    what = f"{asked.files:,} poems" if asked.poison is None else POISONS[asked.poison].what
    progress.end(f"{asked.out}: {what}")


def _files(text: str) -> int:
    return whole_number(text, 1, MAX_FILES)


def _bytes(text: str) -> int:
    return whole_number(text, 1, MAX_BYTES)
