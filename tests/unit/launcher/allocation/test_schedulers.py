# SPDX-License-Identifier: Apache-2.0
"""What each scheduler says of a rank, from variables that were recorded under it."""

from __future__ import annotations

import pytest
from boltloom_launcher.allocation.place import Own, Place
from boltloom_launcher.allocation.schedulers import SCHEDULERS, find_place
from boltloom_launcher.errors import UsageError

SLURM = {
    "SLURM_CLUSTER_NAME": "tiny",
    "SLURM_JOB_ID": "17",
    "SLURM_STEP_ID": "3",
    "SLURM_PROCID": "2",
    "SLURM_LOCALID": "0",
    "SLURM_NODEID": "1",
    "SLURM_STEP_NUM_TASKS": "3",
    "SLURM_STEP_NODELIST": "n[1-2]",
    "SLURM_STEP_TASKS_PER_NODE": "2,1",
    "SLURMD_NODENAME": "n2",
    "SLURM_NTASKS": "8",  # of the job, whatever the step has
    "SLURM_NODELIST": "n[1-4]",
}
SLURM_PMI2 = {**SLURM, "PMI_FD": "13", "PMI_JOBID": "17.3", "PMI_RANK": "2", "PMI_SIZE": "3"}
OPEN_MPI = {
    "OMPI_COMM_WORLD_RANK": "1",
    "OMPI_COMM_WORLD_SIZE": "4",
    "OMPI_COMM_WORLD_LOCAL_RANK": "1",
    "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
    "OMPI_MCA_orte_hnp_uri": "1106968576.0;tcp://192.0.2.2,10.1.0.2:50453;tcp6://[fd00::2]:59681",
    "OMPI_MCA_orte_precondition_transports": "0bd09e2b1f8bac01-a7a3eee36817c27a",
    "PMIX_NAMESPACE": "1106968577",
    "PMIX_RANK": "1",
}
MPICH = {
    "PMI_FD": "8",
    "PMI_RANK": "1",
    "PMI_SIZE": "2",
    "MPI_LOCALRANKID": "1",
    "MPI_LOCALNRANKS": "2",
    "MPIR_CVAR_CH3_INTERFACE_HOSTNAME": "vm",
}
TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "none",
    "TORCHELASTIC_RESTART_COUNT": "1",
    "RANK": "3",
    "WORLD_SIZE": "4",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "10.1.0.1",
    "MASTER_PORT": "29500",
}
KUBERNETES = {"JOB_COMPLETION_INDEX": "2", "KUBERNETES_SERVICE_HOST": "10.96.0.1"}
POD = Own("train-2", "train-2.ring.default.svc.cluster.local", "", 4)
NOBODY = Own("vm")

PLACES = [
    (SLURM, NOBODY, Place("Slurm", "tiny.17.3.0", 2, 3, 0, 1, "n2", "n1")),
    (SLURM_PMI2, NOBODY, Place("Slurm", "tiny.17.3.0", 2, 3, 0, 1, "n2", "n1")),
    (
        OPEN_MPI,
        NOBODY,
        Place("Open MPI", "1106968577 0bd09e2b1f8bac01-a7a3eee36817c27a", 1, 4, 1, 2, "", "192.0.2.2"),
    ),
    (MPICH, Own("vm", "", "head:33017"), Place("MPICH", "head:33017", 1, 2, 1, 2, "vm", "head")),
    (
        TORCHRUN,
        NOBODY,
        Place("torchrun", "none 1 10.1.0.1 29500", 3, 4, 1, 2, "", "10.1.0.1", ("MASTER_ADDR", "MASTER_PORT")),
    ),
    *(
        (
            KUBERNETES,
            pod,
            Place(
                scheduler="Kubernetes",
                run="train.ring.default.svc.cluster.local",
                rank=2,
                size=4,
                coordinator="train-0.ring.default.svc.cluster.local",
                new_names=True,
            ),
        )
        for pod in (POD, Own(POD.full_name, POD.full_name, "", 4))
    ),
]


@pytest.mark.parametrize(("variables", "own", "expected"), PLACES)
def test_the_place_of_a_rank(variables: dict[str, str], own: Own, expected: Place) -> None:
    assert find_place(variables, own) == expected


def test_every_scheduler_is_recorded() -> None:
    assert {place.scheduler for _, _, place in PLACES} == {row.label for row in SCHEDULERS.values()}


@pytest.mark.parametrize(
    ("variables", "scheduler"),
    [
        (SLURM | OPEN_MPI, "Open MPI"),
        (SLURM | MPICH, "MPICH"),
        (SLURM | OPEN_MPI | TORCHRUN, "torchrun"),
        (KUBERNETES | TORCHRUN, "torchrun"),
        (KUBERNETES | OPEN_MPI, "Open MPI"),
    ],
)
def test_the_innermost_counts(variables: dict[str, str], scheduler: str) -> None:
    assert find_place(variables, NOBODY).scheduler == scheduler


def test_a_restart_is_another_run() -> None:
    runs = {find_place(TORCHRUN | {"TORCHELASTIC_RESTART_COUNT": count}, NOBODY).run for count in "012"}
    runs |= {find_place(SLURM | {"SLURM_RESTART_COUNT": count}, NOBODY).run for count in "12"}
    assert len(runs) == 5


def test_only_a_file_knows_where_slurm_has_put_task_0_by_it() -> None:
    assert find_place(SLURM | {"SLURM_DISTRIBUTION": "arbitrary"}, NOBODY).coordinator == ""
    assert find_place(SLURM | {"SLURM_DISTRIBUTION": "cyclic"}, NOBODY).coordinator == "n1"


def test_a_pod_without_a_service_does_not_know_the_others() -> None:
    place = find_place(KUBERNETES, Own("train-2", "train-2", "", 4))
    assert (place.coordinator, place.run) == ("", "train")
    assert find_place(KUBERNETES, Own("another", "another", "", 4)).run == ""


SAYS = [
    ({}, NOBODY, "no scheduler has started this: none of RANK (torchrun), OMPI_COMM_WORLD_RANK (Open MPI)"),
    ({}, NOBODY, ": start it with srun, mpirun or torchrun, or use boltloom launch"),
    (
        {"SLURM_JOB_ID": "17", "SLURM_PROCID": "0"},
        NOBODY,
        "this is a job of Slurm, but none of its tasks: start it as in: srun -n 2 boltloom exec -- PROGRAM",
    ),
    (SLURM | {"SLURM_PROCID": "3"}, NOBODY, "SLURM_PROCID is '3', and Slurm means a number from 0 to 2 by it: start"),
    (SLURM | {"SLURM_STEP_NUM_TASKS": ""}, NOBODY, "SLURM_STEP_NUM_TASKS is not set, though other variables of Slurm"),
    (
        SLURM | {"SLURM_STEP_TASKS_PER_NODE": "2"},
        NOBODY,
        "SLURM_STEP_TASKS_PER_NODE says 2 tasks on 1 nodes, and other variables of Slurm say 3 on 2",
    ),
    (SLURM | {"SLURM_STEP_TASKS_PER_NODE": "2(x"}, NOBODY, "SLURM_STEP_TASKS_PER_NODE is '2(x', which says nothing"),
    (SLURM | {"SLURM_STEP_NODELIST": "n[1-"}, NOBODY, "'n[1-' is no list of nodes"),
    (SLURM, Own("vm", size=4), "--size is 4, and Slurm says 3: leave out --size"),
    (OPEN_MPI | {"OMPI_COMM_WORLD_SIZE": "many"}, NOBODY, "OMPI_COMM_WORLD_SIZE is 'many', and Open MPI means"),
    (OPEN_MPI | {"OMPI_COMM_WORLD_LOCAL_SIZE": "5"}, NOBODY, "OMPI_COMM_WORLD_LOCAL_SIZE is '5', and"),
    (TORCHRUN | {"RANK": "4"}, NOBODY, "RANK is '4', and torchrun means a number from 0 to 3 by it"),
    (KUBERNETES, NOBODY, "an indexed job of Kubernetes does not say how many pods it has: give their number with"),
    (KUBERNETES, Own("train-2", "", "", 2), "JOB_COMPLETION_INDEX is '2', and Kubernetes means a number from 0 to 1"),
]


@pytest.mark.parametrize(("variables", "own", "line"), SAYS)
def test_what_does_not_fit_is_one_line(variables: dict[str, str], own: Own, line: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_place(variables, own)
    assert line in caught.value.one_line()
    assert "\n" not in caught.value.one_line()


def test_tasks_per_node_are_counted_as_slurm_shortens_them() -> None:
    variables = SLURM | {
        "SLURM_STEP_NODELIST": "n[1-4]",
        "SLURM_STEP_TASKS_PER_NODE": "2(x3),1",
        "SLURM_STEP_NUM_TASKS": "7",
        "SLURM_NODEID": "2",
        "SLURM_LOCALID": "1",
        "SLURM_PROCID": "5",
    }
    place = find_place(variables, NOBODY)
    assert (place.rank, place.size, place.local_rank, place.local_size) == (5, 7, 1, 2)
