# SPDX-License-Identifier: Apache-2.0
"""rdma_ctl: shows whether RDMA is enabled; the switch itself works in Recovery only."""

import sys

from mac import machine


def main(arguments: list[str]) -> int:
    if arguments == ["status"]:
        print("enabled" if machine.this_mac()["rdma"] else "disabled")
        return 0
    if arguments in (["enable"], ["disable"]):
        print("rdma_ctl: This tool needs to be executed from Recovery OS.", file=sys.stderr)
        return 77
    print("usage: rdma_ctl enable | disable | status", file=sys.stderr)
    return 64
