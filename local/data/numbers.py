"""Numbers on a generator's command line."""

from __future__ import annotations

import argparse
import re

from data.draws import MAX_SEED


def whole_number(text: str, least: int, most: int) -> int:
    """The number in the text.

    Raises:
        argparse.ArgumentTypeError: it is not a whole number from `least` to `most`.
    """
    if not re.fullmatch(r"\d{1,20}", text, flags=re.ASCII) or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
    return int(text)


def seed(text: str) -> int:
    """A seed; raises as `whole_number`."""
    return whole_number(text, 0, MAX_SEED)
