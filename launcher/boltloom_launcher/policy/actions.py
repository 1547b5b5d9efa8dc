# SPDX-License-Identifier: Apache-2.0
"""What a run may have to do."""

from __future__ import annotations

from dataclasses import dataclass

from boltloom_launcher.policy.events import Event


@dataclass(frozen=True)
class Draft:
    """Make the plan; ``Drafted`` or ``Refused`` follows."""


@dataclass(frozen=True)
class Prepare:
    """Have every host checked; each answers."""


@dataclass(frozen=True)
class Inspect:
    """Ask every host what hosts must have in common; each answers."""


@dataclass(frozen=True)
class Compare:
    """Lay the answers side by side; ``Compared`` follows."""


@dataclass(frozen=True)
class Reach:
    """Have every host connect to those that its ranks will connect to; each answers."""


@dataclass(frozen=True)
class Start:
    """Start the ranks."""


@dataclass(frozen=True)
class Show:
    """Print what would be started."""


@dataclass(frozen=True)
class Look:
    """Ask who is still there; ``Looked`` follows after a while."""


@dataclass(frozen=True)
class GiveUp:
    """Treat a connection as lost; ``Lost`` follows."""

    host: int
    why: str


@dataclass(frozen=True)
class End:
    """Send ``signal`` to all ranks, and SIGKILL after ``grace`` seconds."""

    signal: int
    grace: float


@dataclass(frozen=True)
class Wake:
    """Have this event happen in so many seconds."""

    after: float
    event: Event


@dataclass(frozen=True)
class Say:
    """Lines for a person."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Leave:
    """Ask every agent to end whatever is left, and itself. The run's status is decided."""


@dataclass(frozen=True)
class Close:
    """Nothing is left to wait for; connections that are still there are cut."""


Action = Draft | Prepare | Inspect | Compare | Reach | Start | Show | Look | GiveUp | End | Wake | Say | Leave | Close
