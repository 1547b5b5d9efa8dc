# SPDX-License-Identifier: Apache-2.0
"""Management addresses: the one under which each host was reached by ssh.

Nobody has to resolve names: sshd tells its session both ends of the connection, so the address is
one that surely is on the host, and ours is one under which the hosts surely see us. One kind is of
no use to others: Bonjour names lead ssh to link-local IPv6 addresses, which mean something on one
interface of one computer only. And MLX reads IPv4 only. So where ssh went by IPv6, the resolver is asked for an IPv4
address of the same name.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence

from boltloom_launcher.agent.messages import Hello
from boltloom_launcher.errors import UnfitError
from boltloom_launcher.hosts import Reach, as_address
from boltloom_launcher.ssh import ask_ssh

_ANY_PORT = 9  # connecting a datagram socket sends nothing


def resolve_ipv4(reach: Reach) -> str:
    """An IPv4 address of the name that ssh goes to, after ssh's own configuration; "" if there is none."""
    try:
        (settings,) = ask_ssh([(reach.target, reach.options)])
        return str(socket.getaddrinfo(settings.hostname or None, None, socket.AF_INET)[0][4][0])
    except OSError:
        return ""


def source_towards(address: str) -> str:
    """Our own address on the way to ``address``; "" if there is no way."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, _ANY_PORT))
            return str(probe.getsockname()[0])
    except OSError:
        return ""


def is_ours(address: str) -> bool:
    """The address is on this computer. The one that a host sees us under may be a jump host's, or a router's."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def management_addresses(
    reaches: Sequence[Reach],
    hellos: Sequence[Hello],
    resolve: Callable[[Reach], str] = resolve_ipv4,
    source: Callable[[str], str] = source_towards,
    ours: Callable[[str], bool] = is_ours,
) -> list[str]:
    """One address per host under which the others reach it.

    :raises UnfitError: a host has none; all such hosts are listed.
    """
    remote = {
        i: hello.server if _is_ipv4(hello.server) else resolve(reach) or (hello.server if _serves(hello.server) else "")
        for i, (reach, hello) in enumerate(zip(reaches, hellos, strict=True))
        if not reach.local
    }
    remedy = "give its IPv4 address to --hosts, or a hostfile"
    problems = [
        f"{reaches[i].name}: has no address that the others could use: {remedy}" for i, a in remote.items() if not a
    ]
    if problems:
        raise UnfitError(problems)
    seen = [hellos[i].client for i in remote]
    here = _our_address([address for address in seen if _is_away(address) and ours(address)], remote.values(), source)
    return [remote.get(i, here) for i in range(len(reaches))]


def _our_address(seen: Sequence[str], remote: Iterable[str], source: Callable[[str], str]) -> str:
    away = [address for address in remote if _is_away(address)]
    ipv4 = next(filter(_is_ipv4, seen), "")
    if ipv4:
        return ipv4
    towards = next(filter(_is_ipv4, away), "")
    return (
        (source(towards) if towards else "") or next(iter(seen), "") or (source(away[0]) if away else "") or "127.0.0.1"
    )


def _is_ipv4(address: str) -> bool:
    return _serves(address) and ":" not in address


def _is_away(address: str) -> bool:
    return _serves(address) and not ipaddress.ip_address(address).is_loopback


def _serves(address: str) -> bool:
    """Others can use it: it is one, and no IPv6 address that means something on one link only."""
    if not address or "%" in address:
        return False
    parsed = as_address(address)
    return parsed is not None and (parsed.version == 4 or not parsed.is_link_local)
