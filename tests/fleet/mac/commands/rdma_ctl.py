# SPDX-License-Identifier: Apache-2.0
"""rdma_ctl: shows whether RDMA is enabled; the switch itself works in Recovery only."""

import sys
import time

from mac import machine


def main(arguments: list[str]) -> int:
    fault = machine.this_mac()["rdma_ctl"]
    if fault == "hangs":
        time.sleep(3600)
    if fault == "fails":
        print("rdma_ctl: unable to open the RDMA service", file=sys.stderr)
        return 1
    if arguments == ["status"]:
        print("enabled" if machine.this_mac()["rdma"] else "disabled")
        return 0
    if arguments in (["enable"], ["disable"]):
        print("rdma_ctl: This tool needs to be executed from Recovery OS.", file=sys.stderr)
        return 77
    print("usage: rdma_ctl enable | disable | status", file=sys.stderr)
    return 64
