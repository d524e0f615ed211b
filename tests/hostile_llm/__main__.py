"""Try them and print what came of it: python -m tests.hostile_llm --help."""

import argparse
import logging
from collections import Counter
from collections.abc import Callable

from tests.hostile_llm.answers import try_answers
from tests.hostile_llm.entries import try_entries
from tests.hostile_llm.requests import try_requests

TRIES: dict[str, tuple[Callable[[int], Counter[str]], int, str]] = {
    "answers": (
        try_answers,
        500,
        "an endpoint's answers of any shape: the rules' reading is kept, nothing wrong is let in",
    ),
    "entries": (
        try_entries,
        500,
        "a cache tampered with: an entry is sound or a miss, nothing runs or is touched outside",
    ),
    "requests": (
        try_requests,
        1000,
        "requests to the service: answered or refused as described, for its own host alone",
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile_llm", description=__doc__)
    for name, (_, number, says) in TRIES.items():
        parser.add_argument(f"--{name}", type=int, default=number, metavar="N", help=f"{says} (default {number})")
    wanted = vars(parser.parse_args())
    logging.disable()
    for name, (attempt, _, says) in TRIES.items():
        told = attempt(wanted[name])
        print(f"{name}: {says}")
        print("  " + ", ".join(f"{count:,} {what}" for what, count in sorted(told.items())), flush=True)


if __name__ == "__main__":
    main()
