"""Try them, and print what came of it: python -m tests.engines [schemas] [server]."""

import argparse
import sys
import time

from tests.engines.schemas import try_schemas
from tests.engines.server import try_server

TRIES = {"schemas": try_schemas, "server": try_server}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.engines", description=__doc__)
    parser.add_argument("tries", nargs="*", choices=[*TRIES, []], metavar="|".join(TRIES), help="All by default.")
    failed = False
    for name in parser.parse_args().tries or TRIES:
        start = time.perf_counter()
        lines, is_right = TRIES[name]()
        print(f"{name}: {'as it must be' if is_right else 'WRONG'} ({time.perf_counter() - start:.0f} s)")
        print("".join(f"  {line}\n" for line in lines), end="", flush=True)
        failed = failed or not is_right
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
