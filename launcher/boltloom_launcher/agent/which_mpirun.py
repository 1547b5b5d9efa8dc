# SPDX-License-Identifier: Apache-2.0
"""The host's own mpirun: where it is, and which.

Each problem is the end of a sentence that the launcher begins with the host's name.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

from boltloom_launcher.agent.named_tuple import NamedTuple

_NAME = "BOLTLOOM_MPIRUN"  # another name or path than mpirun
_USUAL = ("/opt/homebrew/bin", "/usr/local/bin")  # which a command over ssh does not have on its PATH
_ASK_VERSION_S = 10.0
# What an outer mpirun has left, which ours would take for its own; and the allocation of a scheduler, whose hosts it
# would take instead of those that we name.
_STALE = re.compile(
    r"PMI_|PMIX_|HYDI_|OMPI_(?!MCA_|ALLOW_)|OMPI_MCA_(orte|ess|pmix)_|PRTE_MCA_(ess|prte)_"
    r"|SLURM_|PBS_|LSB_|SGE_|PE_HOSTFILE$|FLUX_|LOADL"
)


class Found(NamedTuple):
    """An mpirun, or why there is none."""

    path: str = ""
    version: str = ""  # as in "Open MPI 4.1.4"
    problem: str = ""


def find(env: dict[str, str]) -> Found:
    """Look for the mpirun that the ranks' environment names, and ask which one it is."""
    name = env.get(_NAME) or "mpirun"
    path = shutil.which(name, path=os.pathsep.join([*os.get_exec_path(env), *_USUAL]))
    if path is None:
        remedy = f"install Open MPI or MPICH, or name another with --env {_NAME}=PATH"
        return Found(problem=f"command not found: {name}: {remedy}")
    null = subprocess.DEVNULL  # our own stdin is the launcher's connection
    try:
        asked = [path, "--version"]
        answer = subprocess.run(
            asked, stdin=null, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, timeout=_ASK_VERSION_S
        )
        text = answer.stdout.decode(errors="replace")
    except (OSError, subprocess.SubprocessError) as error:
        text = str(error)
    version = version_of(text)
    if not version:
        said = " ".join(text.split())[:80]
        remedy = f"install one of them, or name it with --env {_NAME}=PATH"
        return Found(problem=f"{path} is neither Open MPI nor MPICH (it says {said!r}): {remedy}")
    return Found(path, version)


def version_of(text: str) -> str:
    """The name and version of what ``mpirun --version`` has printed; "" if it is none that we know."""
    found = re.search(r"\((?:Open MPI|OpenRTE)\) (\d[\d.]*)", text)
    if found:
        return "Open MPI " + found.group(1)
    found = re.search(r"^HYDRA build details:\s+Version:\s+(\d[\d.]*)", text, re.MULTILINE)
    return "MPICH " + found.group(1) if found else ""


def library(path: str, version: str) -> dict[str, str]:
    """Where MLX finds Open MPI's library. By itself it looks for a name that only development packages have."""
    if not version.startswith("Open MPI"):
        return {}
    beside = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(path))), "lib")
    names = ("libmpi.so.40", "libmpi.dylib")
    there = [os.path.join(beside, name) for name in names if os.path.exists(os.path.join(beside, name))]
    return {"MLX_MPI_LIBNAME": there[0] if there else names[0]} if there or sys.platform.startswith("linux") else {}


def without_stale(env: dict[str, str]) -> dict[str, str]:
    """Without what an outer mpirun has left, which ours would take for its own."""
    return {name: value for name, value in env.items() if not _STALE.match(name)}
