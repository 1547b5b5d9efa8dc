# SPDX-License-Identifier: Apache-2.0
"""A program that has an RDMA device open is named before its addresses are changed."""

from __future__ import annotations

import os

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._host.commands import HostError
from ansible_collections.boltloom.cluster.plugins.module_utils._host.rdma_holders import require_idle
from ansible_collections.boltloom.cluster.plugins.module_utils._host.target import Target

IOREG = """\
+-o Root  <class IORegistryEntry>
  +-o rdma_en3  <class AppleThunderboltRDMADevice, id 0x1>
  | | {
  | |   "IOClass" = "AppleThunderboltRDMADevice"
  | | }
  | +-o AppleThunderboltRDMAUserClient  <class AppleThunderboltRDMAUserClient, id 0x3>
  |     {
  |       "IOUserClientCreator" = "pid 4711, python3.12"
  |     }
  +-o IOSurfaceRoot  <class IOSurfaceRoot>
    +-o IOSurfaceRootUserClient  <class IOSurfaceRootUserClient>
        {
          "IOUserClientCreator" = "pid 99, WindowServer"
        }
"""


def test_macos_names_process_and_device(run):
    run.answer("/usr/sbin/ioreg", stdout=IOREG)
    with pytest.raises(HostError, match=r"RDMA is in use: python3.12 \(process 4711\) has rdma_en3 open$"):
        require_idle("macos", {"en3"}, Target(run))
    require_idle("macos", {"en4"}, Target(run))


def test_a_mac_without_such_devices(run):
    run.answer("/usr/sbin/ioreg", rc=127)
    require_idle("macos", {"en3"}, Target(run))
    run.answer("/usr/sbin/ioreg", stdout=IOREG.split("  +-o rdma")[0])
    require_idle("macos", {"en3"}, Target(run))


@pytest.fixture
def linux(tmp_path):
    (tmp_path / "proc/17/fd").mkdir(parents=True)
    (tmp_path / "proc/17/comm").write_text("ib_send_bw\n")
    os.symlink("/dev/infiniband/uverbs0", tmp_path / "proc/17/fd/5")
    os.symlink("/dev/null", tmp_path / "proc/17/fd/1")
    (tmp_path / "proc/self").mkdir()
    (tmp_path / "sys/class/infiniband_verbs/uverbs0").mkdir(parents=True)
    (tmp_path / "sys/class/infiniband_verbs/uverbs0/ibdev").write_text("usb4_rdma0\n")
    ndevs = tmp_path / "sys/class/infiniband/usb4_rdma0/ports/1/gid_attrs/ndevs"
    ndevs.mkdir(parents=True)
    (ndevs / "0").write_text("thunderbolt0\n")
    return tmp_path


def test_linux_names_process_and_device(run, linux):
    with pytest.raises(HostError, match=r"ib_send_bw \(process 17\) has usb4_rdma0 open"):
        require_idle("linux", {"thunderbolt0"}, Target(run, str(linux)))


def test_a_card_of_another_network_may_be_in_use(run, linux):
    require_idle("linux", {"thunderbolt1"}, Target(run, str(linux)))
