# SPDX-License-Identifier: Apache-2.0
"""The schedulers, one row each: by which variables its ranks are known, and what the variables say.

Pure. The innermost comes first: torchrun or mpirun inside a job of Slurm finds Slurm's variables too, but its ranks are
its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from boltloom_launcher.allocation.nodelist import expand
from boltloom_launcher.allocation.place import MOST_RANKS, Own, Place, Variables
from boltloom_launcher.errors import UsageError

_TCP = re.compile(r"tcp4?://([0-9.]+)[,:]")  # the first IPv4 address of a daemon of Open MPI
_INDEXED_POD = re.compile(r"(.+)-([0-9]+)", re.ASCII)


@dataclass(frozen=True)
class Scheduler:
    """A row of the table."""

    name: str
    label: str  # what people call it
    signs: tuple[str, ...]  # a process with all of these is a rank of it
    start: str  # how its ranks are started, as the end of a line
    read: Callable[[Variables, Own], Place]


def _torchrun(variables: Variables, own: Own) -> Place:
    rank, size = variables.pair("RANK", "WORLD_SIZE")
    local_rank, local_size = variables.pair("LOCAL_RANK", "LOCAL_WORLD_SIZE", size)
    address, port = variables.text("MASTER_ADDR"), variables.text("MASTER_PORT")
    run = [variables.text("TORCHELASTIC_RUN_ID"), variables.text("TORCHELASTIC_RESTART_COUNT", "0"), address, port]
    return Place(
        scheduler=variables.scheduler,
        run=" ".join(run),
        rank=rank,
        size=size,
        local_rank=local_rank,
        local_size=local_size,
        coordinator=address,
        kept=("MASTER_ADDR", "MASTER_PORT"),  # a store of torchrun's own listens there, and PyTorch counts on it
    )


def _open_mpi(variables: Variables, own: Own) -> Place:
    rank, size = variables.pair("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE")
    local_rank, local_size = variables.pair("OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE", size)
    # Rank 0 is beside mpirun unless other hosts were asked for; nothing says where else it would be.
    beside = _TCP.search(variables.text("OMPI_MCA_orte_hnp_uri", ""))
    return Place(
        scheduler=variables.scheduler,
        run=" ".join([variables.text("PMIX_NAMESPACE"), variables.text("OMPI_MCA_orte_precondition_transports", "")]),
        rank=rank,
        size=size,
        local_rank=local_rank,
        local_size=local_size,
        coordinator=beside[1] if beside else "",
    )


def _mpich(variables: Variables, own: Own) -> Place:
    rank, size = variables.pair("PMI_RANK", "PMI_SIZE")
    local_rank, local_size = variables.pair("MPI_LOCALRANKID", "MPI_LOCALNRANKS", size)
    return Place(
        scheduler=variables.scheduler,
        run=own.mpiexec,
        rank=rank,
        size=size,
        local_rank=local_rank,
        local_size=local_size,
        host=variables.text("MPIR_CVAR_CH3_INTERFACE_HOSTNAME", ""),
        coordinator=own.mpiexec.rpartition(":")[0],  # as with Open MPI
    )


def _slurm(variables: Variables, own: Own) -> Place:
    rank, size = variables.pair("SLURM_PROCID", "SLURM_STEP_NUM_TASKS")
    nodes = expand(variables.text("SLURM_STEP_NODELIST"))
    counts = _tasks_per_node(variables.text("SLURM_STEP_TASKS_PER_NODE"), variables)
    node = variables.number("SLURM_NODEID", 0, len(nodes) - 1)
    if len(counts) != len(nodes) or sum(counts) != size:
        raise UsageError(
            f"SLURM_STEP_TASKS_PER_NODE says {sum(counts)} tasks on {len(counts)} nodes, and other variables of Slurm"
            f" say {size} on {len(nodes)}",
            variables.start,
        )
    names = ("SLURM_CLUSTER_NAME", "SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT")
    return Place(
        scheduler=variables.scheduler,
        run=".".join(variables.text(name, "0") for name in names),
        rank=rank,
        size=size,
        local_rank=variables.number("SLURM_LOCALID", 0, counts[node] - 1),
        local_size=counts[node],
        host=variables.text("SLURMD_NODENAME", nodes[node]),
        # Task 0 is on the first node of the step, unless a file says where each task is; the list is sorted even then.
        coordinator="" if variables.text("SLURM_DISTRIBUTION", "").startswith("arbitrary") else nodes[0],
    )


def _tasks_per_node(text: str, variables: Variables) -> list[int]:
    """ "2(x3),1" is 2, 2, 2, 1."""
    counts: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"([0-9]{1,6})(?:\(x([0-9]{1,6})\))?", part, re.ASCII)
        if not found or len(counts) + int(found[2] or 1) > MOST_RANKS:
            raise UsageError(f"SLURM_STEP_TASKS_PER_NODE is {text[:40]!r}, which says nothing", variables.start)
        counts += [int(found[1])] * int(found[2] or 1)
    return counts


def _kubernetes(variables: Variables, own: Own) -> Place:
    if own.size is None:
        raise UsageError(
            "an indexed job of Kubernetes does not say how many pods it has", "give their number with --size"
        )
    rank = variables.number("JOB_COMPLETION_INDEX", 0, own.size - 1)
    name = own.host.partition(".")[0]  # setHostnameAsFQDN
    found = _INDEXED_POD.fullmatch(name)
    job = found[1] if found and int(found[2]) == rank else ""
    # With a headless service (subdomain: NAME), a pod knows its whole name, and the others' are like it.
    domain = own.full_name.partition(".")[2]
    return Place(
        scheduler=variables.scheduler,
        run=own.full_name.replace(name, job, 1) if job else "",
        rank=rank,
        size=own.size,
        coordinator=f"{job}-0.{domain}" if job and domain else "",
        new_names=True,
    )


SCHEDULERS = {
    row.name: row
    for row in (
        Scheduler(
            "torchrun",
            "torchrun",
            ("TORCHELASTIC_RUN_ID", "RANK"),
            "start it as in: torchrun --nproc-per-node 2 --no-python boltloom exec -- PROGRAM",
            _torchrun,
        ),
        Scheduler(
            "openmpi",
            "Open MPI",
            ("OMPI_COMM_WORLD_RANK",),
            "start it as in: mpirun -n 2 boltloom exec -- PROGRAM",
            _open_mpi,
        ),
        Scheduler(
            "mpich",
            "MPICH",
            ("PMI_RANK", "MPI_LOCALRANKID"),
            "start it as in: mpirun -n 2 boltloom exec -- PROGRAM",
            _mpich,
        ),
        Scheduler(
            "slurm",
            "Slurm",
            ("SLURM_PROCID", "SLURM_STEP_ID"),
            "start it as in: srun -n 2 boltloom exec -- PROGRAM",
            _slurm,
        ),
        Scheduler(
            "kubernetes",
            "Kubernetes",
            ("JOB_COMPLETION_INDEX",),
            "start it as in examples/kubernetes",
            _kubernetes,
        ),
    )
}


def find_place(values: Mapping[str, str], own: Own) -> Place:
    """The place of the rank that has these variables.

    :raises UsageError: they are of no scheduler, or do not fit together.
    """
    for row in SCHEDULERS.values():
        if all(values.get(sign) for sign in row.signs):
            place = row.read(Variables(values, row.label, row.start), own)
            if own.size is not None and own.size != place.size:
                raise UsageError(f"--size is {own.size}, and {row.label} says {place.size}", "leave out --size")
            return place
    if values.get("SLURM_JOB_ID"):
        raise UsageError("this is a job of Slurm, but none of its tasks", SCHEDULERS["slurm"].start)
    looked = ", ".join(f"{row.signs[-1]} ({row.label})" for row in SCHEDULERS.values())
    raise UsageError(
        f"no scheduler has started this: none of {looked} is set",
        "start it with srun, mpirun or torchrun, or use boltloom launch",
    )
