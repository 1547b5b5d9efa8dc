# SPDX-License-Identifier: Apache-2.0
"""When something happened on a host, on one clock for all hosts.

Agents count from the moment at which the order to start reached them, and it reaches a
far host later than a near one. Who failed first must not depend on that.
"""

from __future__ import annotations


class Clocks:
    """How far each host's count lags behind ours, learnt from the first rank that it started."""

    def __init__(self) -> None:
        self._lags: dict[int, float] = {}

    def learn(self, host: int, there: float, here: float) -> None:
        """News that the host dated ``there`` arrived at ``here``, both in seconds since the order to start."""
        lag = here - there
        # News may be held up on the way, but never arrive too early: the smallest lag is the truest.
        self._lags[host] = min(lag, self._lags.get(host, lag))

    def when(self, host: int, there: float) -> float:
        """The host's ``there`` on the common clock."""
        return there + self._lags.get(host, 0.0)
