"""`npm run data -- GENERATOR …`. To add a generator, add a module with `add_command`."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from data.ctr import command as ctr
from data.poems import command as poems
from data.taxi import command as taxi

if TYPE_CHECKING:
    from collections.abc import Sequence

GENERATORS = (ctr, poems, taxi)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one generator. Exits with 2 if the arguments are wrong, 1 if the output can't be written."""
    parser = argparse.ArgumentParser(prog="npm run data --", description="Makes data for the reference pipelines.")
    generators = parser.add_subparsers(title="generators", metavar="GENERATOR", required=True)
    for generator in GENERATORS:
        generator.add_command(generators)
    asked = parser.parse_args(arguments)
    try:
        asked.run(asked)
    except BrokenPipeError:
        # The reader has closed the pipe, like `head`. Python would complain once more when it flushes on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        parser.exit(1, f"data: {error.filename or 'the output'} can't be written: {error.strerror or error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "\n")


if __name__ == "__main__":
    main()
