# SPDX-License-Identifier: Apache-2.0
"""Names of interfaces by their addresses: from the kernel that is here, and as a Mac's ifconfig prints them."""

from __future__ import annotations

from boltloom_launcher.agent.interfaces import interfaces_of, read_ifconfig

IFCONFIG = """\
lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
\tinet 127.0.0.1 netmask 0xff000000
\tinet6 ::1 prefixlen 128
en3: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\tinet 10.77.0.1 netmask 0xfffffffc broadcast 10.77.0.3
\tinet 10.77.0.5 netmask 0xfffffffc broadcast 10.77.0.7
"""


def test_the_kernel_knows() -> None:
    assert interfaces_of(["127.0.0.1", "203.0.113.9", "127.0.0.1"]) == ["lo"]


def test_a_mac_prints_them() -> None:
    assert read_ifconfig(IFCONFIG) == {"127.0.0.1": "lo0", "10.77.0.1": "en3", "10.77.0.5": "en3"}
