# SPDX-License-Identifier: Apache-2.0
"""rdma_ctl: shows whether RDMA is enabled; the switch itself works in Recovery only."""

import sys
import time

from mac import machine


def main(arguments: list[str]) -> int:
    mac = machine.this_mac()
    fault = mac["rdma_ctl"]
    if fault == "hangs":
        time.sleep(3600)
    if fault == "fails":
        print("rdma_ctl: unable to open the RDMA service", file=sys.stderr)
        return 1
    if arguments == ["status"]:
        print(machine.world()["hosts"][mac["name"]]["rdma_switch"])
        return 0
    if arguments in (["enable"], ["disable"]):
        print("rdma_ctl: This tool needs to be executed from Recovery OS.", file=sys.stderr)
        return 77
    print("usage: rdma_ctl enable | disable | status", file=sys.stderr)
    return 64
