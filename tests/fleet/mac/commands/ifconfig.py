# SPDX-License-Identifier: Apache-2.0
"""ifconfig: shows interfaces as a Mac would, and changes the real ones. What it sets is forgotten at a reboot."""

import sys
from collections.abc import Callable, Iterator

from mac import configuration, machine
from mac.links import Link, LinkError, dotted, ip, links, mask_number, number_of, prefix_of

_RUNNING = ("UP", "BROADCAST", "SMART", "RUNNING", "SIMPLEX", "MULTICAST")
_BITS = {
    "UP": 0x1,
    "BROADCAST": 0x2,
    "LOOPBACK": 0x8,
    "SMART": 0x20,
    "RUNNING": 0x40,
    "PROMISC": 0x100,
    "SIMPLEX": 0x800,
    "MULTICAST": 0x8000,
}
_REMOVING = ("-alias", "delete", "remove")
_CONFIGURATION = """\
\tConfiguration:
\t\tid 0:0:0:0:0:0 priority 0 hellotime 0 fwddelay 0
\t\tmaxage 0 holdcnt 0 proto stp maxaddr 100 timeout 1200
\t\troot id 0:0:0:0:0:0 priority 0 ifcost 0 port 0
\t\tipfilter disabled flags 0x0"""


class UsageError(Exception):
    """What ifconfig says before it exits with 1."""


def _shown(link: Link) -> str:
    return "lo0" if link.name == "lo" else link.name


def _flags(link: Link) -> str:
    if link.name == "lo":
        return "flags=8049<UP,LOOPBACK,RUNNING,MULTICAST>"
    names = [name for name in _RUNNING if link.up or name not in ("UP", "RUNNING")]
    if link.up and configuration.bridge_of(link.name):
        names.insert(names.index("RUNNING") + 1, "PROMISC")
    return f"flags={sum(_BITS[name] for name in names):x}<{','.join(names)}>"


def _options(link: Link) -> str:
    if link.name == "lo":
        return "1203<RXCSUM,TXCSUM,TXSTATUS,SW_TIMESTAMP>"
    if link.kind == "bridge":
        return "63<RXCSUM,TXCSUM,TSO4,TSO6>"
    if link.name in machine.port_devices():
        return "460<TSO4,TSO6,CHANNEL_IO>"
    return "6463<RXCSUM,TXCSUM,TSO4,TSO6,CHANNEL_IO,PARTIAL_CSUM,ZEROINVERT_CSUM>"


def _addresses(link: Link) -> Iterator[str]:
    bridged = link.master != ""
    for address, length in [] if bridged else link.inet6:
        scope = f" scopeid 0x{link.index:x}" if address.startswith("fe80") else ""
        zone = f"%{_shown(link)}" if scope else ""
        yield f"\tinet6 {address}{zone} prefixlen {length}{scope}"
    for address, length in link.inet:
        mask = mask_number(length)
        broadcast = "" if link.name == "lo" else f" broadcast {dotted(number_of(address) | ~mask & 0xFFFFFFFF)}"
        yield f"\tinet {address} netmask 0x{mask:08x}{broadcast}"


def _members(link: Link, present: dict[str, Link]) -> Iterator[str]:
    yield _CONFIGURATION
    for member in configuration.bridges().get(link.name, []):
        yield f"\tmember: {member} flags=3<LEARNING,DISCOVER>"
        yield f"\t        ifmaxaddr 0 port {present[member].index} priority 0 path cost 0"


def _active(link: Link, present: dict[str, Link]) -> bool:
    if link.kind != "bridge":
        return link.up and link.carrier
    return link.up and any(present[member].carrier for member in configuration.bridges().get(link.name, []))


def _describe(link: Link, present: dict[str, Link]) -> Iterator[str]:
    yield f"{_shown(link)}: {_flags(link)} mtu {16384 if link.name == 'lo' else link.mtu}"
    yield f"\toptions={_options(link)}"
    if link.name != "lo":
        yield f"\tether {link.mac}"
    yield from _addresses(link)
    if link.kind == "bridge":
        yield from _members(link, present)
    if not link.master:  # a bridged port has no IPv6 of its own
        yield "\tnd6 options=201<PERFORMNUD,DAD>"
    if link.name == "lo":
        return
    active = _active(link, present)
    if link.kind == "bridge":
        yield "\tmedia: autoselect" if active else "\tmedia: <unknown type>"
    else:
        yield "\tmedia: autoselect <full-duplex>" if link.name in machine.port_devices() else "\tmedia: autoselect"
    yield f"\tstatus: {'active' if active else 'inactive'}"


def _show(arguments: list[str]) -> int:
    present = links()
    option = arguments[0] if arguments else "-a"
    if option == "-l":
        print(" ".join(_shown(link) for link in present.values()))
        return 0
    if option in ("-a", "-u", "-d"):
        chosen = [link for link in present.values() if option == "-a" or link.up == (option == "-u")]
    else:
        chosen = [_find(option, present)]
    for link in chosen:
        for line in _describe(link, present):
            print(line)
        if link.name == "lo" and option == "-a":
            print("gif0: flags=8010<POINTOPOINT,MULTICAST> mtu 1280\nstf0: flags=0<> mtu 1280")
    return 0


def _find(name: str, present: dict[str, Link]) -> Link:
    name = "lo" if name == "lo0" else name
    if name not in present:
        raise UsageError(f"ifconfig: interface {name} does not exist")
    return present[name]


def _set_address(link: Link, words: list[str], alias: bool) -> None:
    """`A`, `A/len`, `A netmask M` in front of ``words``; they are taken away."""
    address, _, length = words.pop(0).partition("/")
    if words[:1] == ["netmask"]:
        if len(words) < 2:
            raise UsageError("ifconfig: 'netmask' requires argument")
        length = words[1]
        del words[:2]
    if words[:1] == ["broadcast"]:
        del words[:2]
    try:
        first = number_of(address) >> 24
        classful = "8" if first < 128 else "16" if first < 192 else "24"
        prefix = prefix_of(length or classful)
    except ValueError:
        raise UsageError(f"ifconfig: {address}: bad value") from None
    if not alias:  # a plain address replaces the first one
        for old, old_length in link.inet[:1]:
            ip("addr", "del", f"{old}/{old_length}", "dev", link.name)
    ip("addr", "replace", f"{address}/{prefix}", "brd", "+", "dev", link.name)


def _remove_address(link: Link, words: list[str]) -> None:
    address = words.pop(0) if words and words[0][:1].isdigit() else ""
    for present, length in link.inet:
        if present == address or not address:
            ip("addr", "del", f"{present}/{length}", "dev", link.name)
            return
    raise UsageError("ifconfig: ioctl (SIOCDIFADDR): Can't assign requested address")


def _switch(link: Link, up: bool) -> None:
    if link.kind == "bridge":
        configuration.switch_bridge(link.name, up)
    else:
        ip("link", "set", link.name, "up" if up else "down")


def _bridge_verb(verb: str, link: Link, words: list[str]) -> None:
    if link.kind != "bridge" or not words:
        raise UsageError(f"ifconfig: {verb}: bad value")
    member = words.pop(0)
    members = configuration.bridges().get(link.name, [])
    if verb == "addm":
        if member not in links():
            raise UsageError(f"ifconfig: BRDGADD {member}: No such file or directory")
        if configuration.bridge_of(member):
            raise UsageError(f"ifconfig: BRDGADD {member}: Device busy")
        configuration.add_member(link.name, member)
    elif member not in members:
        raise UsageError(f"ifconfig: BRDGDEL {member}: No such file or directory")
    else:
        configuration.delete_member(link.name, member)


def _set_mac(link: Link, words: list[str]) -> None:
    if not words:
        raise UsageError("ifconfig: 'lladdr' requires argument")
    ip("link", "set", link.name, "address", words.pop(0))


def _set_mtu(link: Link, words: list[str]) -> None:
    if not words:
        raise UsageError("ifconfig: 'mtu' requires argument")
    ip("link", "set", link.name, "mtu", words.pop(0))


def _inet(link: Link, words: list[str]) -> None:
    if not (words and words[0][:1].isdigit()):
        return  # the address comes with the next word: `inet alias A`
    if words[-1] in _REMOVING:  # `inet A delete`
        _remove_address(link, words)
        words.clear()
    else:
        _set_address(link, words, "alias" in words)


def _alias(link: Link, words: list[str]) -> None:
    if words:  # else it stood behind its address, which is set already
        _set_address(link, words, True)


_VERBS: dict[str, Callable[[Link, list[str]], None]] = {
    **dict.fromkeys(_REMOVING, _remove_address),
    "addm": lambda link, words: _bridge_verb("addm", link, words),
    "alias": _alias,
    "deletem": lambda link, words: _bridge_verb("deletem", link, words),
    "destroy": lambda link, _: configuration.destroy_bridge(link.name),
    "down": lambda link, _: _switch(link, False),
    "inet": _inet,
    "ether": _set_mac,
    "lladdr": _set_mac,
    "mtu": _set_mtu,
    "up": lambda link, _: _switch(link, True),
}


def _change(link: Link, words: list[str]) -> None:
    """Do what the next word says, and take it and its parameters away."""
    if words[0][:1].isdigit():
        _inet(link, words)
        return
    word = words.pop(0)
    if word not in _VERBS or (word == "destroy" and link.kind != "bridge"):
        raise UsageError(f"ifconfig: {word}: bad value")
    _VERBS[word](link, words)


def _change_all(name: str, words: list[str]) -> None:
    if words == ["create"] and name.startswith("bridge"):
        configuration.make_bridge(name, [])
        configuration.apply(name)
        return
    while words:
        _change(_find(name, links()), words)


def main(arguments: list[str]) -> int:
    try:
        if len(arguments) < 2 or arguments[1:] == ["inet"]:
            return _show(arguments[:1])
        if not machine.is_root():
            _find(arguments[0], links())
            raise UsageError(f"ifconfig: {arguments[1]}: permission denied")
        _change_all(arguments[0], arguments[1:])
    except UsageError as error:
        print(error, file=sys.stderr)
        return 1
    except LinkError as error:
        print(f"ifconfig: {error}", file=sys.stderr)
        return 1
    return 0
