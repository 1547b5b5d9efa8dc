# SPDX-License-Identifier: Apache-2.0
"""What mpirun starts on a host instead of a rank, or instead of ssh: asks our agent there, and ends when it says so.

Sent to the hosts as it is, for Python 3.8 and later. So the ranks are the agent's children, however many processes
of mpirun stand between, and mpirun's daemons are started over the connections that we have.
"""

from __future__ import annotations

import array
import json
import os
import socket
import sys
from typing import Any

_RANK = ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK")


def _wanted_daemon(words: list[str]) -> dict[str, Any]:
    # Some put options for ssh before the name of the host.
    first = next(i for i, word in enumerate(words) if not word.startswith("-"))
    return {"host": words[first], "words": words[first + 1 :]}


def _wanted_rank() -> dict[str, Any]:
    rank = next(os.environ[name] for name in _RANK if name in os.environ)
    cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return {"rank": int(rank), "env": dict(os.environ), "cpus": cpus}


def _ask(agent: socket.socket, request: dict[str, Any]) -> int:
    data = json.dumps(request).encode() + b"\n"
    fd = int(request.get("env", {}).get("PMI_FD", -1))
    if fd >= 0:  # over this one, which we inherited, the rank speaks to its daemon
        sent = agent.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
        data = data[sent:]
        os.close(fd)
    agent.sendall(data)
    answer = b""
    while not answer.endswith(b"\n"):
        piece = agent.recv(64)
        if not piece:
            return 1  # the agent is gone
        answer += piece
    return int(answer)


def main() -> None:
    """Ask, wait, end."""
    request = _wanted_daemon(sys.argv[1:]) if sys.argv[1:] else _wanted_rank()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as agent:
        agent.connect(os.environ["BOLTLOOM_MPI_AGENT"])
        status = _ask(agent, request)
    sys.exit(status)


if __name__ == "__main__":
    main()
