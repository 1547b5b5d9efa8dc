# SPDX-License-Identifier: Apache-2.0
"""What a run may have to do."""

from __future__ import annotations

from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.policy.events import Event


class Draft(NamedTuple):
    """Make the plan; ``Drafted`` or ``Refused`` follows."""


class Prepare(NamedTuple):
    """Have every host checked; each answers."""


class Inspect(NamedTuple):
    """Ask every host what hosts must have in common; each answers."""


class Compare(NamedTuple):
    """Lay the answers side by side; ``Compared`` follows."""


class Reach(NamedTuple):
    """Have every host connect to those that its ranks will connect to; each answers."""


class Start(NamedTuple):
    """Start the ranks."""


class Show(NamedTuple):
    """Print what would be started."""


class Look(NamedTuple):
    """Ask who is still there; ``Looked`` follows after a while."""


class GiveUp(NamedTuple):
    """Treat a connection as lost; ``Lost`` follows."""

    host: int
    why: str


class End(NamedTuple):
    """Send ``signal`` to all ranks, and SIGKILL after ``grace`` seconds."""

    signal: int
    grace: float


class Wake(NamedTuple):
    """Have this event happen in so many seconds."""

    after: float
    event: Event


class Say(NamedTuple):
    """Lines for a person."""

    lines: tuple[str, ...]


class Leave(NamedTuple):
    """Ask every agent to end whatever is left, and itself. The run's status is decided."""


class Close(NamedTuple):
    """Nothing is left to wait for; connections that are still there are cut."""


Action = Draft | Prepare | Inspect | Compare | Reach | Start | Show | Look | GiveUp | End | Wake | Say | Leave | Close
