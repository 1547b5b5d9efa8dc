# SPDX-License-Identifier: Apache-2.0
"""Whether the RDMA devices that a hostfile names are there, and up: read from what each host's system says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.linux.rdma import parse_infiniband_sysfs
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos.rdma import parse_ibv_devinfo
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import RdmaDevice

from boltloom_launcher.agent.messages import Inspected
from boltloom_launcher.backends import Plan


def rdma_problems(plan: Plan, names: Sequence[str], answers: Mapping[int, Inspected]) -> list[tuple[int, str]]:
    """(host, the end of a sentence about it) for each device that cannot be used."""
    found: list[tuple[int, str]] = []
    for seat, host in zip(plan.seats, plan.hosts, strict=True):
        known = _devices(answers[seat.host])
        for far, devices in zip(plan.seats, host.rdma, strict=False):
            found += [
                (seat.host, problem)
                for device in devices
                if (problem := _problem(device, names[far.host], known)) is not None
            ]
    return list(dict.fromkeys(found))


def _devices(answer: Inspected) -> dict[str, RdmaDevice]:
    try:
        said = answer.rdma.get("ibv_devinfo")
        devices = parse_infiniband_sysfs(answer.rdma) if said is None else parse_ibv_devinfo(said)
    except ParseError:
        return {}
    return {device.name: device for device in devices}


def _problem(name: str, far: str, known: Mapping[str, RdmaDevice]) -> str | None:
    device = known.get(name)
    if device is None:
        there = ", ".join(sorted(known)) or "none"
        remedy = "run boltloom.cluster.configure again, or choose --backend ring"
        return f"the RDMA device {name}, which shall lead to {far}, is not there (there is {there}): {remedy}"
    if device.active:
        return None
    state = device.state or "its state is not known"
    remedy = "plug the cable in at both ends, or see boltloom.cluster.probe, which says what is in its way"
    return f"the RDMA device {name}, which leads to {far}, is not active ({state}): {remedy}"
