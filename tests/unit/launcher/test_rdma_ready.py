# SPDX-License-Identifier: Apache-2.0
"""Whether the RDMA devices of a hostfile can be used, from what the hosts' systems say."""

from __future__ import annotations

import pytest
from boltloom_launcher.agent.messages import Inspected
from boltloom_launcher.rdma_ready import rdma_problems
from unit.launcher.several_hosts import answer, plan

DEVINFO = "hca_id:\trdma_en2\n\tphys_port_cnt: 1\n\t\tport:\t1\n\t\t\tstate:\t\t\t{} ({})\n"
REMEDY = "plug the cable in at both ends, or see boltloom.cluster.probe, which says what is in its way"


def linux(state: str) -> dict[str, str]:
    return {"class/infiniband/rdma_en2/ports/1/state": state}


def problems(rdma: dict[str, str]) -> list[tuple[int, str]]:
    jaccl = plan("jaccl", [["10.0.0.1"], ["10.0.0.2"]], rdma=[[(), ("rdma_en2",)], [("rdma_en2",), ()]])
    answers: dict[int, Inspected] = {0: answer(rdma=rdma), 1: answer(rdma=linux("4: ACTIVE"))}
    return rdma_problems(jaccl, ["mac1", "mac2"], answers)


@pytest.mark.parametrize("rdma", [linux("4: ACTIVE\n"), {"ibv_devinfo": DEVINFO.format("PORT_ACTIVE", 4)}])
def test_all_is_well(rdma: dict[str, str]) -> None:
    assert problems(rdma) == []


@pytest.mark.parametrize("rdma", [linux("1: DOWN\n"), {"ibv_devinfo": DEVINFO.format("PORT_DOWN", 1)}])
def test_a_port_that_is_down(rdma: dict[str, str]) -> None:
    words = "the RDMA device rdma_en2, which leads to mac2, is not active (PORT_DOWN)"
    assert problems(rdma) == [(0, f"{words}: {REMEDY}")]


@pytest.mark.parametrize("rdma", [{}, {"ibv_devinfo": "No IB devices found\n"}, {"ibv_devinfo": "Segmentation fault"}])
def test_a_device_that_is_not_there(rdma: dict[str, str]) -> None:
    ((host, words),) = problems(rdma)
    assert host == 0
    assert words.startswith("the RDMA device rdma_en2, which shall lead to mac2, is not there (there is none): ")
