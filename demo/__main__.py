# SPDX-License-Identifier: Apache-2.0
"""`make demo`. Exit status 0 when every step kept its promise, 1 when one did not, 130 after Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from types import FrameType

from fleet.fleet import why_not_here

from demo import steps
from demo.places import LocalPlace, fleet_place
from demo.show import DemoError, heading, note


def on_a_fleet() -> None:
    heading("A fleet of four simulated Mac Studios, six cables, every port in the Thunderbolt Bridge")
    begin = time.monotonic()
    with fleet_place(f"demo-{os.getpid()}") as place:
        note(f"{', '.join(place.hosts)} and a control node are up after {time.monotonic() - begin:.1f} s")
        steps.as_delivered(place)
        steps.configure(place)
        steps.all_reduce(place)
        steps.mlx(place)
        steps.kill_a_rank(place)
        heading("The fleet goes down; nothing of it is left")


def on_this_computer() -> None:
    place = LocalPlace()
    steps.all_reduce(place)
    steps.mlx(place)
    steps.kill_a_rank(place)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends the demo as Ctrl-C does: by unwinding, so that everything is taken down."""
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description="From cables to a running program.")
    parser.add_argument("--local", action="store_true", help="four ranks on this computer, no simulated fleet")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    reason = "" if args.local else why_not_here()
    if reason:
        print(f"No fleet here, so this runs four ranks on this computer instead: {reason}.", flush=True)
    try:
        if args.local or reason:
            on_this_computer()
        else:
            on_a_fleet()
    except DemoError as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        return 130
    print("\nEvery step kept its promise.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
