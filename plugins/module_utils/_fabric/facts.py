# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""From what the commands printed to the facts of one host.

``_host`` runs the commands and hands the outputs over under the keys below; a key
whose command failed or does not exist is simply not there.
"""

from __future__ import annotations

from typing import Mapping, Tuple

from .linux.facts import CONFIG_PREFIX, NETIF_PREFIX, SYSFS_PREFIX, linux_facts
from .linux.keep import NM_PROPERTIES, is_own, is_own_connection, own_connections
from .linux.managers import PROCESSES as LINUX_PROCESSES
from .linux.thunderbolt import interfaces_to_ask
from .macos.facts import FAILED_PREFIX, PREFERENCES_KEY, Raw, macos_facts, services_to_ask
from .macos.services import DNS_PREFIX, GETINFO_PREFIX

__all__ = [
    "CONFIG_PREFIX",
    "DNS_PREFIX",
    "FAILED_PREFIX",
    "GETINFO_PREFIX",
    "LINUX_COMMANDS",
    "LINUX_FILES",
    "LINUX_NEIGHBOURS",
    "LINUX_NETIF_FOLDER",
    "LINUX_OPTIONAL_COMMANDS",
    "LINUX_OWN_FOLDERS",
    "LINUX_PROCESSES",
    "LINUX_SYSFS_FILES",
    "MACOS_COMMANDS",
    "MACOS_DAEMONS_FOLDER",
    "MACOS_DAEMONS_KEY",
    "MACOS_DNS",
    "MACOS_GETINFO",
    "MACOS_INDISPENSABLE",
    "MACOS_PREFERENCES_FILE",
    "MACOS_PREFERENCES_KEY",
    "NETIF_PREFIX",
    "NM_PROPERTIES",
    "SYSFS_PREFIX",
    "Raw",
    "interfaces_to_ask",
    "is_own",
    "is_own_connection",
    "linux_facts",
    "macos_facts",
    "own_connections",
    "services_to_ask",
]

# macOS: key -> the command whose standard output (macOS prints some errors there too) is the value.
MACOS_COMMANDS: Mapping[str, Tuple[str, ...]] = {
    "system_profiler": ("/usr/sbin/system_profiler", "SPThunderboltDataType", "-json"),
    "hardware_ports": ("/usr/sbin/networksetup", "-listallhardwareports"),
    "service_order": ("/usr/sbin/networksetup", "-listnetworkserviceorder"),
    "ifconfig": ("/sbin/ifconfig",),
    "netstat": ("/usr/sbin/netstat", "-rn"),
    "sw_vers": ("/usr/bin/sw_vers",),
    "hw_model": ("/usr/sbin/sysctl", "-n", "hw.model"),
    "hostname": ("/bin/hostname",),
    "sysctl": ("/usr/sbin/sysctl", "hw.memsize", "kern.bootsessionuuid", "kern.boottime", "iogpu.wired_limit_mb"),
    "location": ("/usr/sbin/networksetup", "-getcurrentlocation"),
    "pmset": ("/usr/bin/pmset", "-g"),
    "firewall": ("/usr/libexec/ApplicationFirewall/socketfilterfw", "--getglobalstate"),
}
# No plan without these. What another command would have said is missing from the facts, with a warning under the key
# FAILED_PREFIX + its key.
MACOS_INDISPENSABLE = ("system_profiler", "hardware_ports", "service_order", "ifconfig")
MACOS_GETINFO = ("/usr/sbin/networksetup", "-getinfo")  # + a service of services_to_ask(); key GETINFO_PREFIX + service
MACOS_DNS = ("/usr/sbin/networksetup", "-getdnsservers")  # likewise; key DNS_PREFIX + service
MACOS_DAEMONS_KEY = "launch_daemons"  # the names of the files in this folder, one a line
MACOS_DAEMONS_FOLDER = "/Library/LaunchDaemons"
MACOS_PREFERENCES_KEY = PREFERENCES_KEY  # the bytes of this file; absent where it cannot be read
MACOS_PREFERENCES_FILE = "/Library/Preferences/SystemConfiguration/preferences.plist"

# Linux: key -> command, key -> file, and files and links of sysfs under the prefix.
LINUX_COMMANDS: Mapping[str, Tuple[str, ...]] = {
    "ip_addr": ("ip", "-j", "addr"),
    "ip_route": ("ip", "-j", "route"),
    "hostname": ("uname", "-n"),
    "kernel": ("uname", "-r"),
}
# One that does not exist, or fails, says that NetworkManager is not what configures this host.
LINUX_OPTIONAL_COMMANDS: Mapping[str, Tuple[str, ...]] = {
    "nm_devices": ("nmcli", "-t", "-f", "DEVICE,STATE,CON-UUID", "device"),
    "nm_connections": ("nmcli", "-t", "-f", "UUID,FILENAME", "connection", "show"),
}
# + the UUIDs of own_connections(); key "nm_properties"
LINUX_NEIGHBOURS = ("ip", "-j", "neigh")  # key "ip_neigh"; after everybody at interfaces_to_ask() was called
LINUX_FILES: Mapping[str, str] = {
    "os_release": "/etc/os-release",
    "product_name": "/sys/class/dmi/id/product_name",
    "boot": "/proc/sys/kernel/random/boot_id",
    "meminfo": "/proc/meminfo",
    "ufw": "/etc/ufw/ufw.conf",
}
# Files here of which is_own() holds are read under CONFIG_PREFIX + path. NetworkManager's are root's alone.
LINUX_OWN_FOLDERS = ("/etc/systemd/network", "/etc/udev/rules.d")
# Key "processes": those of LINUX_PROCESSES that run, one a line.
# NETIF_PREFIX + index of an interface: networkd's file about it.
LINUX_NETIF_FOLDER = "/run/systemd/netif/links"
# Keys are SYSFS_PREFIX + path below /sys:
#   "sysfs:bus/thunderbolt/devices/0-1/unique_id" -> content (of each file in LINUX_SYSFS_FILES, of every entry)
#   "sysfs:bus/thunderbolt/devices/domain0"       -> target of the link (the controller's place on the PCI bus)
#   "sysfs:class/net/thunderbolt0/device"         -> target of the link (its last part is the service, "0-1.0")
#   "sysfs:class/net/NAME/wireless"               -> "" where that folder exists
LINUX_SYSFS_FILES = (
    "unique_id",
    "device_name",
    "vendor_name",
    "generation",
    "authorized",
    "rx_speed",
    "tx_speed",
    "rx_lanes",
    "tx_lanes",
    "prtcid",
    "key",
)
