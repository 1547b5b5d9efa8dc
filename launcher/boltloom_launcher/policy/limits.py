# SPDX-License-Identifier: Apache-2.0
"""How long each thing may take, in seconds."""

from __future__ import annotations

CONNECT_S = 30.0
PREPARE_S = 30.0
INSPECT_S = 45.0  # an agent waits 10 s for the ranks' Python, for its own, and for a command of the system
REACH_S = 20.0  # an agent gives its connections less
SILENCE_S = 60.0  # a host of which nothing was heard for so long is lost; so it takes us for lost, too
OVERDUE_S = 7.0  # beyond the grace: an agent repeats SIGKILL for 5 s before it gives up
MPIRUN_S = 60.0  # for mpirun to start all ranks
