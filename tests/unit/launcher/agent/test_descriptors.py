# SPDX-License-Identifier: Apache-2.0
"""Our limit of open files is raised, that of what we start is not."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

SCRIPT = """\
import os, resource, subprocess, sys
from boltloom_launcher.agent import descriptors
descriptors.sys.platform = sys.argv[1]
descriptors.raise_limit()
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
pipes = []
for _ in range(40):
    with descriptors.as_given():
        child = subprocess.Popen(["sh", "-c", "ulimit -Sn; ulimit -Hn"], stdout=subprocess.PIPE, bufsize=0)
    pipes.append((child, descriptors.out_of_the_way(child.stdout)))
said = {pipe.read() for _, pipe in pipes}
print(*said.pop().decode().split(), len(said), min(pipe.fileno() for _, pipe in pipes))
"""


@pytest.mark.parametrize(
    ("platform", "given", "ours"),
    [("linux", (32, 500), 500), ("darwin", (32, 500), 500), ("darwin", (32, 15000), 10240)],
)
def test_more_children_than_their_own_limit_would_allow(platform: str, given: tuple[int, int], ours: int) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert most == resource.RLIM_INFINITY or most >= given[1]

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, given)

    argv = [sys.executable, "-c", SCRIPT, platform]
    done = subprocess.run(argv, preexec_fn=limited, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout.split() == [str(ours), str(given[0]), str(given[1]), "0", str(given[0])]


def test_what_cannot_be_raised_stays() -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))

    argv = [sys.executable, "-c", SCRIPT, "linux"]
    done = subprocess.run(argv, preexec_fn=limited, capture_output=True, text=True, timeout=60)
    assert done.stdout.split()[:4] == ["200", "200", "200", "0"], done.stderr
