# SPDX-License-Identifier: Apache-2.0
"""route [-n] get | add | change | delete, on the real routing table."""

import json
import sys

from mac import machine
from mac.links import LinkError, dotted, ip, mask_number

_NOT_IN_TABLE = "route: writing to routing socket: not in table"


def _get(words: list[str]) -> int:
    target = words[0] if words else "default"
    try:
        address = "0.0.0.0/0" if target == "default" else target
        found = json.loads(ip("-j", "route", "get" if target != "default" else "show", address))
    except LinkError:
        found = []
    if not found or "dev" not in found[0]:
        print(_NOT_IN_TABLE, file=sys.stderr)
        return 1
    route = found[0]
    gateway = route.get("gateway")
    destination, mask = _network_of(target, gateway is not None)
    flags = ["UP"]
    flags += ["HOST"] if mask is None and target != "default" else []
    flags += ["GATEWAY", "DONE", "STATIC", "PRCLONING", "GLOBAL"] if gateway else ["DONE", "CLONING", "STATIC"]
    interface = "lo0" if route["dev"] == "lo" else route["dev"]
    rows = [("route to", target), ("destination", destination)]
    rows += [("mask", mask)] if mask else []
    rows += [("gateway", gateway)] if gateway else []
    rows += [("interface", interface), ("flags", f"<{','.join(flags)}>")]
    for label, value in rows:
        print(f"{label:>11}: {value}")
    print(" recvpipe  sendpipe  ssthresh  rtt,msec    rttvar  hopcount      mtu     expire")
    print("       0         0         0         0         0         0      1500         0 ")
    return 0


def _network_of(target: str, through_gateway: bool) -> tuple[str, str | None]:
    """The table's entry that answers for the target, as address and mask."""
    if target == "default" or through_gateway:
        return "default", "default"
    rows = json.loads(ip("-j", "route", "show", "match", target))
    best = max(rows, key=lambda row: int(row["dst"].partition("/")[2] or ("0" if row["dst"] == "default" else "32")))
    network, _, length = best["dst"].partition("/")
    return network, dotted(mask_number(int(length))) if length else None


def _words(arguments: list[str]) -> tuple[str, list[str]]:
    """The destination and how to reach it (`via A` or `dev D`)."""
    destination, how = "", []
    words = [word for word in arguments if word not in ("-host", "-net", "-inet", "-ifscope", "-static")]
    while words:
        word = words.pop(0)
        if word in ("-interface", "-iface") and words:
            how = ["dev", words.pop(0)]
        elif word == "-netmask" and words:
            words.pop(0)
        elif not destination:
            destination = word
        else:
            how = ["via", word]
    return destination, how


def _change(verb: str, arguments: list[str]) -> int:
    destination, how = _words(arguments)
    if not machine.is_root():
        print("route: must be root to alter routing table", file=sys.stderr)
        return 77
    kind = "net" if "/" in destination or destination == "default" else "host"
    done = f"{verb} {kind} {destination}" + (f": gateway {how[1]}" if how else "")
    exists = bool(json.loads(ip("-j", "route", "show", "exact", destination)))
    if verb != "add" and not exists:
        print(_NOT_IN_TABLE, file=sys.stderr)
        print(f"{done}: not in table")
        return 1
    if verb == "add" and exists:
        print("route: writing to routing socket: File exists", file=sys.stderr)
        print(f"{done}: File exists")
        return 1
    try:
        ip("route", "del" if verb == "delete" else "replace", destination, *([] if verb == "delete" else how))
    except LinkError as error:
        print(f"route: bad address: {destination} ({error})", file=sys.stderr)
        return 68
    print(done)
    return 0


def main(arguments: list[str]) -> int:
    words = [word for word in arguments if word not in ("-n", "-q", "-v")]
    if words[:1] == ["get"]:
        return _get([word for word in words[1:] if not word.startswith("-")])
    if len(words) >= 2 and words[0] in ("add", "change", "delete"):
        return _change(words[0], words[1:])
    print("usage: route [-dnqtv] command [[modifiers] args]", file=sys.stderr)
    return 64
