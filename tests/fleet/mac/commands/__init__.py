# SPDX-License-Identifier: Apache-2.0
"""The emulated commands, one file each; a new command is a new file and a line in the table PLACES.

A command module has ``main(arguments) -> exit status``. Which text comes when is in macos-formats.md of the project's
shared notes; here stands only how it comes about.
"""

PLACES = {
    "PlistBuddy": "usr/libexec/PlistBuddy",
    "ibv_devices": "usr/bin/ibv_devices",
    "ibv_devinfo": "usr/bin/ibv_devinfo",
    "ifconfig": "usr/sbin/ifconfig",
    "ioreg": "usr/sbin/ioreg",
    "ipconfig": "usr/sbin/ipconfig",
    "netstat": "usr/sbin/netstat",
    "networksetup": "usr/sbin/networksetup",
    "pmset": "usr/bin/pmset",
    "rdma_ctl": "usr/bin/rdma_ctl",
    "route": "usr/sbin/route",
    "scutil": "usr/sbin/scutil",
    "socketfilterfw": "usr/libexec/ApplicationFirewall/socketfilterfw",
    "sw_vers": "usr/bin/sw_vers",
    "sysctl": "usr/sbin/sysctl",
    "system_profiler": "usr/sbin/system_profiler",
    "uname": "usr/bin/uname",
}
WITH_RDMA_ONLY = ("ibv_devices", "ibv_devinfo", "rdma_ctl")  # absent before macOS 26.2
