# SPDX-License-Identifier: Apache-2.0
"""Four Macs in a ring, by RDMA: jaccl-ring, asked for or chosen; jaccl is refused; MLX's launcher takes the file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(1.5)]
FLEET = "ring4"
BIN = Path(sys.executable).parent
SHOW = """
import json, os
with open(os.environ["MLX_IBV_DEVICES"]) as file:
    print(os.environ["MLX_RANK"], os.environ.get("MLX_JACCL_RING", ""), json.dumps(json.load(file)))
"""


@pytest.fixture(scope="module")
def configured(rack):
    return rack.play("configure", "-e", "thunderbolt_net_backend=auto")


def test_it_is_chosen_where_there_is_no_mesh(rack, configured):
    words = "backend jaccl-ring, the best there is here: the cables that are ready for RDMA join the hosts into a ring"
    assert words in configured.flat
    assert rack.hostfile["backend"] == "jaccl-ring"
    assert "into a ring" in rack.hostfile["boltloom"]["reason"]


def test_each_rank_lists_its_neighbours_and_nobody_else(rack, configured):
    for rank, host in enumerate(rack.hostfile["hosts"]):
        listed = [other for other, devices in enumerate(host["rdma"]) if devices]
        assert listed == sorted({(rank - 1) % 4, (rank + 1) % 4})


@pytest.mark.campaign  # and so it is for the ring and the mesh
def test_asked_for_it_is_the_same_file_but_for_the_reason(rack, configured):
    path = rack.folder / "asked.json"
    chosen = ("-e", "thunderbolt_net_backend=jaccl-ring", "-e", f"thunderbolt_net_hostfile={path}")
    assert rack.play("configure", *chosen).changed() == 1
    assert json.loads(path.read_text())["hosts"] == rack.hostfile["hosts"]
    assert rack.play("configure", *chosen).changed() == 0


def test_a_mesh_by_rdma_is_refused_and_names_the_pairs(rack, configured):
    played = rack.play("configure", "-e", "thunderbolt_net_backend=jaccl", fails=True)
    assert (
        "there is none between mac1 and mac3, mac2 and mac4: add it, or use the backend jaccl-ring or ring"
        in played.flat
    )


@pytest.mark.parametrize("launcher", [["mlx.launch"], ["boltloom", "launch"]])
def test_both_launchers_hand_the_matrix_to_the_ranks_as_it_is(rack, configured, launcher):
    pytest.importorskip("mlx.core")
    program = rack.folder / "show.py"
    program.write_text(SHOW)
    argv = [str(BIN / launcher[0]), *launcher[1:], "--hostfile", str(rack.folder / "boltloom-hostfile.json")]
    argv += [] if launcher[0] == "boltloom" else ["--backend", "jaccl-ring"]
    done = rack.fleet.run("control", [*argv, "--", sys.executable, str(program)], env={"TMPDIR": str(rack.folder)})
    matrix = json.dumps([host["rdma"] for host in rack.hostfile["hosts"]])
    assert sorted(line.strip() for line in done.stdout.splitlines()) == [f"{rank} 1 {matrix}" for rank in range(4)]
