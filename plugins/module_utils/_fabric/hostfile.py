# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""The hostfile: which hosts run ranks, and which addresses and devices join them.

MLX's format, in both its forms (a list of hosts, or a dictionary around it). What
a person can get wrong is found here, at the door, and named by its place in the
file; after that everybody handles a :class:`Hostfile`.
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Tuple

from .errors import HostfileError

BACKENDS = ("ring", "jaccl", "jaccl-ring", "nccl", "mpi")

_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=", re.ASCII)
# ";", "=" and "," separate the entries of BOLTLOOM_HOSTS; a leading "-" would be read by ssh as an option.
_SSH_NAME = re.compile(r"[^\s;=,\x00-\x1f-][^\s;=,\x00-\x1f]*")


@dataclass(frozen=True)
class Host:
    """One rank's place: how to reach its host, where it listens, which devices lead to the others."""

    ssh: str
    ips: Tuple[str, ...] = ()
    rdma: Tuple[Tuple[str, ...], ...] = ()  # rdma[j]: devices that lead to rank j, () for none


@dataclass(frozen=True)
class Hostfile:
    """A whole hostfile. ``hosts`` stand in rank order."""

    hosts: Tuple[Host, ...]
    backend: str = ""
    envs: Tuple[str, ...] = ()
    boltloom: Mapping[str, object] = field(default_factory=dict)


def parse(text: str, source: str) -> Hostfile:
    """Read a hostfile. ``source`` is the name that errors give the file.

    :raises HostfileError: with one line that names file, place, mistake and remedy.
    """
    data = _load(text, source)
    top: Dict[str, object] = {"hosts": data} if isinstance(data, list) else _mapping(data, source)
    if "hosts" not in top:
        raise _wrong(source, "", 'has no "hosts"', 'write {"hosts": [{"ssh": NAME, "ips": [ADDRESS]}, ...]}')
    entries = _list(top["hosts"], source, "hosts")
    if not entries:
        raise _wrong(source, "hosts", "is empty", "list at least one host")
    hosts = tuple(_host(entry, source, "hosts[{0}]".format(i)) for i, entry in enumerate(entries))
    _check_addresses(hosts, source)
    _check_matrix(hosts, source)
    return Hostfile(
        hosts=hosts,
        backend=_backend(top.get("backend", ""), source),
        envs=_envs(top.get("envs", []), source),
        boltloom=_extension(top.get("boltloom", {}), source),
    )


def dump(hostfile: Hostfile) -> str:
    """Write the dictionary form that MLX reads, one host a line; our own key comes last, and only with content."""
    lines = [
        "{",
        '  "backend": {0},'.format(json.dumps(hostfile.backend)),
        '  "envs": {0},'.format(json.dumps(list(hostfile.envs))),
        '  "hosts": [',
        ",\n".join("    " + json.dumps(_host_as_json(host)) for host in hostfile.hosts),
        "  ]" + ("," if hostfile.boltloom else ""),
    ]
    if hostfile.boltloom:
        lines.append('  "boltloom": ' + json.dumps(hostfile.boltloom, indent=2, sort_keys=True).replace("\n", "\n  "))
    return "\n".join(lines + ["}", ""])


def _host_as_json(host: Host) -> Dict[str, object]:
    rdma: List[object] = [None if not d else d[0] if len(d) == 1 else list(d) for d in host.rdma]
    return {"ssh": host.ssh, "ips": list(host.ips), "rdma": rdma}


def _wrong(source: str, place: str, what: str, remedy: str) -> HostfileError:
    where = "{0}: {1}".format(source, place) if place else source
    return HostfileError("{0} {1}".format(where, what), remedy)


def _load(text: str, source: str) -> object:
    if not text.strip():
        raise _wrong(source, "", "is empty", "write a hostfile with boltloom.cluster.configure or boltloom config")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = "line {0} column {1}".format(error.lineno, error.colno)
        raise _wrong(source, place, "is not JSON ({0})".format(error.msg), "correct it there") from None
    except RecursionError:
        raise _wrong(source, "", "is nested too deeply", "a hostfile has three levels") from None


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _mapping(value: object, source: str) -> Dict[str, object]:
    if not isinstance(value, dict):
        raise _wrong(source, "", "holds {0}".format(_kind(value)), 'a hostfile is a list of hosts or {"hosts": [...]}')
    return value


def _list(value: object, source: str, place: str) -> List[object]:
    if not isinstance(value, list):
        raise _wrong(source, place, "is {0}".format(_kind(value)), "write a list")
    return value


def _host(entry: object, source: str, place: str) -> Host:
    if not isinstance(entry, dict):
        raise _wrong(source, place, "is {0}".format(_kind(entry)), 'write {"ssh": NAME, "ips": [ADDRESS]}')
    ips = _list(entry.get("ips", []), source, place + ".ips")
    rdma = _list(entry.get("rdma", []), source, place + ".rdma")
    return Host(
        ssh=_ssh(entry, source, place),
        ips=tuple(_address(ip, source, "{0}.ips[{1}]".format(place, i)) for i, ip in enumerate(ips)),
        rdma=tuple(_devices(d, source, "{0}.rdma[{1}]".format(place, j)) for j, d in enumerate(rdma)),
    )


def _ssh(entry: Mapping[str, object], source: str, place: str) -> str:
    if "ssh" not in entry:
        raise _wrong(source, place, 'has no "ssh"', "add the name or address that ssh reaches the host by")
    name = entry["ssh"]
    if not isinstance(name, str) or not _SSH_NAME.fullmatch(name):
        remedy = "write a host name, an address or user@host"
        raise _wrong(source, place + ".ssh", "is {0}, not the name of a host".format(json.dumps(name)), remedy)
    return name


def _address(value: object, source: str, place: str) -> str:
    try:
        if not isinstance(value, str):
            raise ValueError
        ipaddress.ip_address(value.split("%")[0] if ":" in value else value)  # fe80::1%en2 carries its interface
    except ValueError:
        remedy = "write the address itself, as in 10.77.0.1"
        raise _wrong(source, place, "is {0}, not an IP address".format(json.dumps(value)), remedy) from None
    return value


def _devices(value: object, source: str, place: str) -> Tuple[str, ...]:
    names = [] if value is None else value if isinstance(value, list) else [value]
    for name in names:
        if not isinstance(name, str) or not name:
            remedy = 'write null, "rdma_en2" or ["rdma_en2", "rdma_en3"]'
            raise _wrong(source, place, "is {0}, not a device".format(json.dumps(value)), remedy)
    return tuple(names)


def _check_addresses(hosts: Tuple[Host, ...], source: str) -> None:
    """An address belongs to one host. Ranks on the same host may share it, and loopback belongs to everybody."""
    owner: Dict[str, Tuple[str, str]] = {}
    for i, host in enumerate(hosts):
        for k, ip in enumerate(host.ips):
            place = "hosts[{0}].ips[{1}]".format(i, k)
            if ip in host.ips[:k]:
                remedy = "list each cable's address once (--connections-per-ip opens several connections)"
                raise _wrong(source, place, "repeats {0}".format(ip), remedy)
            name, where = owner.setdefault(ip, (host.ssh, place))
            if name != host.ssh and not ipaddress.ip_address(ip.split("%")[0]).is_loopback:
                remedy = "an address belongs to one host"
                what = "gives {0} to {1}, but {2} gave it to {3}".format(ip, host.ssh, where, name)
                raise _wrong(source, place, what, remedy)


def _check_matrix(hosts: Tuple[Host, ...], source: str) -> None:
    for i, host in enumerate(hosts):
        place = "hosts[{0}].rdma".format(i)
        if not host.rdma:
            continue
        if len(host.rdma) != len(hosts):
            what = "has {0} entries for {1} hosts".format(len(host.rdma), len(hosts))
            raise _wrong(source, place, what, "write one entry per host, null for the host itself")
        if host.rdma[i]:
            what = "is {0}, but leads from {1} to itself".format(json.dumps(host.rdma[i][0]), host.ssh)
            raise _wrong(source, "{0}[{1}]".format(place, i), what, "write null")


def _backend(value: object, source: str) -> str:
    if not isinstance(value, str) or (value and value not in BACKENDS):
        what = "is {0}, not a backend that we know".format(json.dumps(value))
        raise _wrong(source, "backend", what, "one of {0}".format(", ".join(BACKENDS)))
    return value


def _envs(value: object, source: str) -> Tuple[str, ...]:
    envs: List[str] = []
    for i, env in enumerate(_list(value, source, "envs")):
        if not isinstance(env, str) or not _ENV.match(env) or "\0" in env:
            what = "is {0}, not NAME=VALUE".format(json.dumps(env))
            raise _wrong(source, "envs[{0}]".format(i), what, 'write it as in "MLX_METAL_FAST_SYNCH=0"')
        envs.append(env)
    return tuple(envs)


def _extension(value: object, source: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _wrong(source, "boltloom", "is {0}".format(_kind(value)), "write an object, or leave it out")
    return value
