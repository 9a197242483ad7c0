"""A lab of hosts for work by hand: `python -m tests.live.hosts up|down|status --dir DIR`."""

import argparse
import sys
from pathlib import Path

from tests.live.hosts import lab


def main() -> None:
    """Raises SystemExit with a sentence when it cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m tests.live.hosts", description=__doc__)
    parser.add_argument("verb", choices=("up", "down", "status"))
    parser.add_argument("--dir", type=Path, required=True, metavar="DIR", help="where it is kept while it is up")
    words = parser.parse_args()
    home: Path = words.dir.absolute()
    try:
        if words.verb == "up":
            print(lab.status(lab.up(home, lambda text: print(text, file=sys.stderr))))
        elif words.verb == "status":
            print(lab.status(lab.opened(home)))
        elif not lab.down(home):
            print(f"no lab is in {home}", file=sys.stderr)
    except RuntimeError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
