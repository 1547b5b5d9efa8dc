# SPDX-License-Identifier: Apache-2.0
"""Which mpirun a host has, by what it prints about itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from boltloom_launcher.agent.which_mpirun import find, library, version_of, without_stale


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("mpirun (Open MPI) 5.0.7\n\nReport bugs to https://www.open-mpi.org/community/help/\n", "Open MPI 5.0.7"),
        ("mpirun.openmpi (OpenRTE) 4.1.4\n\nReport bugs to ...\n", "Open MPI 4.1.4"),
        ("HYDRA build details:\n    Version:                                 4.0.2\n    CC: gcc\n", "MPICH 4.0.2"),
        ("Intel(R) MPI Library for Linux* OS, Version 2021.9 Build 20230307\n", ""),
        ("", ""),
    ],
)
def test_the_version(text: str, version: str) -> None:
    assert version_of(text) == version


def test_a_real_one_is_found_under_the_name_that_the_environment_gives(tmp_path: Path) -> None:
    assert find({"PATH": "/usr/bin", "BOLTLOOM_MPIRUN": "mpirun.mpich"}).version.startswith("MPICH ")
    assert find({"PATH": "/usr/bin", "BOLTLOOM_MPIRUN": "/usr/bin/mpirun.openmpi"}).version.startswith("Open MPI ")
    (tmp_path / "mpirun").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "mpirun").chmod(0o755)
    problem = find({"PATH": str(tmp_path)}).problem
    assert problem.startswith(f"{tmp_path}/mpirun is neither Open MPI nor MPICH (it says ''): ")


def test_mlx_is_told_where_open_mpis_library_is(tmp_path: Path) -> None:
    for folder in ("bin", "lib"):
        (tmp_path / folder).mkdir()
    for name in ("bin/mpirun", "lib/libmpi.dylib"):
        (tmp_path / name).touch()
    mpirun = str(tmp_path / "bin" / "mpirun")
    assert library(mpirun, "Open MPI 5.0.7") == {"MLX_MPI_LIBNAME": str(tmp_path / "lib" / "libmpi.dylib")}
    assert library(mpirun, "MPICH 4.0.2") == {}
    assert library("/nowhere/bin/mpirun", "Open MPI 4.1.4") == {"MLX_MPI_LIBNAME": "libmpi.so.40"}


def test_what_an_outer_mpirun_left_goes_and_what_the_user_set_stays() -> None:
    kept = {"OMPI_MCA_btl": "self", "PATH": "/bin", "OMPI_ALLOW_RUN_AS_ROOT": "1"}
    left = {"PMI_RANK": "1", "OMPI_COMM_WORLD_RANK": "1", "PMIX_NAMESPACE": "x", "OMPI_MCA_ess_base_jobid": "1"}
    allocation = {"SLURM_JOB_ID": "1", "PBS_NODEFILE": "x", "LSB_HOSTS": "x", "PE_HOSTFILE": "x"}
    assert without_stale({**kept, **left, **allocation}) == kept
