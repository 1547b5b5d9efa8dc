# SPDX-License-Identifier: Apache-2.0
"""Which interfaces of this host have these addresses: MPICH wants names."""

from __future__ import annotations

import array
import re
import socket
import struct
import subprocess
import sys

_SIOCGIFCONF = 0x8912
_IFREQ_BYTES = 40  # a name of 16 bytes, a struct sockaddr_in, padding
_MOST = 256
_ASK_IFCONFIG_S = 5.0


def interfaces_of(addresses: list[str]) -> list[str]:
    """The names, in the order of the addresses, each once; those that are on no interface are left out."""
    try:
        table = _from_kernel() if sys.platform.startswith("linux") else _from_ifconfig()
    except (OSError, subprocess.SubprocessError):
        return []
    return list(dict.fromkeys(table[address] for address in addresses if address in table))


def _from_kernel() -> dict[str, str]:
    import fcntl

    buffer = array.array("B", bytes(_MOST * _IFREQ_BYTES))
    where, length = buffer.buffer_info()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        answer = fcntl.ioctl(asker, _SIOCGIFCONF, struct.pack("iP", length, where))
    used = struct.unpack("iP", answer)[0]
    table = {}
    for start in range(0, used, _IFREQ_BYTES):
        entry = buffer[start : start + _IFREQ_BYTES].tobytes()
        # A second address of an interface may have a label, as in eth0:1.
        table[socket.inet_ntoa(entry[20:24])] = entry[:16].rstrip(b"\0").split(b"\0")[0].decode().partition(":")[0]
    return table


def _from_ifconfig() -> dict[str, str]:
    null = subprocess.DEVNULL  # our own stdin is the launcher's connection
    answer = subprocess.run(["/sbin/ifconfig", "-a"], stdin=null, stdout=subprocess.PIPE, timeout=_ASK_IFCONFIG_S)
    return read_ifconfig(answer.stdout.decode(errors="replace"))


def read_ifconfig(text: str) -> dict[str, str]:
    """Address -> interface, of what macOS's ifconfig prints."""
    table, name = {}, ""
    for line in text.splitlines():
        head = re.match(r"(\S+): flags=", line)
        if head:
            name = head.group(1)
        found = re.match(r"\s+inet (\S+) ", line)
        if found:
            table[found.group(1)] = name
    return table
