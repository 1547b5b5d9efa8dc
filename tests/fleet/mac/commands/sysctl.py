# SPDX-License-Identifier: Apache-2.0
"""sysctl: the few values that cluster tools ask for."""

import os
import sys
import time

from mac import machine


def _values() -> dict[str, str]:
    mac = machine.this_mac()
    booted = machine.remembered("booted", 0)
    values = {
        "hw.activecpu": str(mac["cores"]),
        "hw.logicalcpu": str(mac["cores"]),
        "hw.memsize": str(mac["memory_gb"] << 30),
        "hw.model": mac["model_id"],
        "hw.ncpu": str(mac["cores"]),
        "hw.pagesize": "16384",
        "hw.physicalcpu": str(mac["cores"]),
        "iogpu.wired_limit_mb": machine.remembered("wired_limit_mb", "0"),
        "kern.bootsessionuuid": machine.remembered("session", ""),
        "kern.boottime": f"{{ sec = {booted}, usec = 0 }} {time.ctime(booted)}",
        "kern.hostname": os.uname().nodename,
        "kern.osproductversion": mac["macos"],
        "kern.ostype": "Darwin",
        "kern.osversion": mac["build"],
        "machdep.cpu.brand_string": mac["chip"],
        "net.inet.ip.forwarding": "0",
    }
    if tuple(map(int, mac["macos"].split("."))) >= (26, 2):
        values["debug.rdma.version"] = "AppleThunderboltRDMA"
    return values


def _set(name: str, value: str) -> bool:
    """The only value that anybody changes here; forgotten at a reboot."""
    if not machine.is_root() or name != "iogpu.wired_limit_mb" or not value.isdigit():
        print(f"sysctl: {name}={value}: Operation not permitted", file=sys.stderr)
        return False
    machine.remember("wired_limit_mb", value)
    return True


def main(arguments: list[str]) -> int:
    options = [argument for argument in arguments if argument.startswith("-")]
    names = [argument for argument in arguments if not argument.startswith("-")]
    values = _values()
    if "-a" in options:
        names = sorted(values)
    if not names:
        print("usage: sysctl [-bdehiNnoqx] [ -B <bufsize> ] [-f filename] name[=value] ...", file=sys.stderr)
        return 1
    status = 0
    for name in names:
        name, equals, value = name.partition("=")
        if equals and not _set(name, value):
            return 1
        if name in values:
            print(values[name] if "-n" in options else f"{name}: {values[name]}")
        else:
            print(f"sysctl: unknown oid '{name}'", file=sys.stderr)
            status = 1
    return status
