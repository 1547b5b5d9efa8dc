# SPDX-License-Identifier: Apache-2.0
"""Every capture of a real Mac is understood; what was altered, invented or is of another command gives a typed error
at worst. Which capture is which stands in its INDEX.md."""

from __future__ import annotations

import re

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import BoltloomError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.macos import (
    ifconfig,
    networksetup,
    rdma,
    routes,
    settings,
    system_profiler,
    versions,
)
from unit.plugins.module_utils._fabric.recordings import CAPTURES, all_captures

PARSERS = {
    "ibv_devices": rdma.parse_ibv_devices,
    "ibv_devinfo": rdma.parse_ibv_devinfo,
    "ifconfig": ifconfig.parse_ifconfig,
    "netstat-rn": routes.parse_routes,
    "networksetup-getinfo": networksetup.parse_getinfo,
    "networksetup-listallhardwareports": networksetup.parse_hardware_ports,
    "networksetup-listnetworkserviceorder": networksetup.parse_service_order,
    "rdma_ctl": rdma.parse_rdma_ctl,
    "sw_vers": versions.parse_sw_vers,
    "sysctl": settings.parse_sysctl,
    "system_profiler-json": system_profiler.parse_system_profiler,
}
# Of REAL captures in these folders the named ones are complaints, or the output of another command of that name.
COMPLAINTS = ("no-devices_message", "enable_outside-recovery", "nvram_", "i-style_netstat-ib")


def real_captures():
    """(folder, path) of what INDEX.md calls REAL and a parser of ours reads."""
    if not CAPTURES.is_dir():
        return [pytest.param(None, None, marks=pytest.mark.skip(reason="no captures beside the repository"))]
    found, folder = [], ""
    for line in (CAPTURES / "INDEX.md").read_text(encoding="utf-8").split("\n"):
        folder = line[3:].strip() if line.startswith("## ") else folder
        row = re.match(r"\| `([^`]+)` \| REAL", line)
        if row and folder in PARSERS and not row.group(1).startswith(COMPLAINTS):
            found.append(pytest.param(folder, CAPTURES / folder / row.group(1), id=f"{folder}/{row.group(1)}"))
    return found


@pytest.mark.parametrize("folder, path", real_captures())
def test_a_real_capture_is_understood(folder, path):
    parsed = PARSERS[folder](path.read_bytes().decode("utf-8", "replace"))
    assert parsed or folder in ("sysctl", "ibv_devices")  # bare values of sysctl -n; a header and no device


@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
@pytest.mark.parametrize("folder", sorted(path.name for path in CAPTURES.glob("*/")) if CAPTURES.is_dir() else [None])
def test_no_capture_of_any_command_does_worse_than_a_typed_error(parse, folder):
    if folder is None:
        pytest.skip("no captures beside the repository")
    for path in sorted((CAPTURES / folder).glob("*")):
        try:
            parse(path.read_bytes().decode("utf-8", "replace"))
        except BoltloomError as error:
            assert error.one_line().isprintable()


def misc(name):
    return next(path for path in sorted((CAPTURES / "networksetup-misc").glob(name + "*"))).read_text(encoding="utf-8")


@pytest.mark.parametrize("_path", all_captures("networksetup-misc")[:1])
def test_words_of_networksetup_that_real_macs_printed(_path):
    assert networksetup.parse_dns_servers(misc("getdnsservers_unset")) == ()
    assert networksetup.parse_service_enabled(misc("getnetworkserviceenabled_enabled")) is True
    for name in ("unrecognized-service_exit4", "unrecognized-service_empty", "write-over-ssh"):
        assert networksetup.complaint(misc(name))
        with pytest.raises(BoltloomError, match="networksetup -getinfo: "):
            networksetup.parse_getinfo(misc(name))
