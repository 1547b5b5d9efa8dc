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
from typing import Dict, List, Mapping, Set, Tuple

from .errors import HostfileError, ParseError
from .reading import ip_address, json_value, shown

BACKENDS = ("ring", "jaccl", "jaccl-ring", "nccl", "mpi")

_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=", re.ASCII)
# ";", "=" and "," separate the entries of BOLTLOOM_HOSTS; a leading "-" would be read by ssh as an option.
_SSH_NAME = re.compile(r"[^\s;=,\x00-\x1f-][^\s;=,\x00-\x1f]{0,254}")
_DEVICE = re.compile(r"[0-9A-Za-z_][!-~]{0,62}")  # one word: the devices of a link stand beside each other

_TOP_KEYS = ("hosts", "backend", "envs", "boltloom")
_HOST_KEYS = ("ssh", "ips", "rdma")
_NEAR = 0.7  # how like one of ours an unknown key must be to be taken for a slip; the others are somebody else's


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
    unknown: Tuple[str, ...] = field(default=(), compare=False)  # the places of keys that say nothing to us


def parse(text: str, source: str) -> Hostfile:
    """Read a hostfile. ``source`` is the name that errors give the file.

    :raises HostfileError: with one line that names file, place, mistake and remedy.
    """
    data = _load(text, source)
    top: Dict[str, object] = {"hosts": data} if isinstance(data, list) else _mapping(data, source)
    _refuse_slips(top, _TOP_KEYS, source, "")
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
        unknown=_unknown(top, entries, source),
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
        json.loads(text[1:] if text.startswith("\ufeff") else text)
    except json.JSONDecodeError as error:
        place = "line {0} column {1}".format(error.lineno, error.colno)
        raise _wrong(source, place, "is not JSON ({0})".format(error.msg), "correct it there") from None
    except (RecursionError, ValueError):
        pass  # the reader below says it in its own words
    try:
        return json_value(text, source)
    except ParseError as error:
        if error.message.endswith("nested too deeply"):
            raise _wrong(source, "", "is nested too deeply", "a hostfile has three levels") from None
        raise HostfileError(error.message, "correct it there") from None


def _refuse_slips(mapping: Mapping[str, object], known: Tuple[str, ...], source: str, place: str) -> None:
    """A key that is nearly one of ours was meant to be it, and would be passed over in silence."""
    for key in mapping:
        if key in known:
            continue
        import difflib  # every launch would wait for it

        near = difflib.get_close_matches(key.strip().lower()[:20], known, 1, _NEAR)
        if near and near[0] not in mapping:
            raise _wrong(source, place, "has an unknown key {0}".format(shown(key)), 'write "{0}"'.format(near[0]))


def _unknown(top: Mapping[str, object], entries: List[object], source: str) -> Tuple[str, ...]:
    """Where keys stand that are neither ours nor MLX's."""
    places = ["{0}: {1}".format(source, shown(key)) for key in top if key not in _TOP_KEYS]
    for i, entry in enumerate(entries):
        unknown = [key for key in entry if key not in _HOST_KEYS] if isinstance(entry, dict) else []
        places += ["{0}: hosts[{1}]: {2}".format(source, i, shown(key)) for key in unknown]
    return tuple(places)


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _quoted(value: object) -> str:
    """The value as it stands in the file; of a long one the beginning."""
    text = json.dumps(value)
    return text if len(text) <= 120 else text[:100] + "..."


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
    _refuse_slips(entry, _HOST_KEYS, source, place)
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
    if not isinstance(name, str) or not _SSH_NAME.fullmatch(name) or not name.isprintable():
        remedy = "write a host name, an address or user@host"
        raise _wrong(source, place + ".ssh", "is {0}, not the name of a host".format(_quoted(name)), remedy)
    return name


def _address(value: object, source: str, place: str) -> str:
    if not isinstance(value, str) or ip_address(value) is None:
        remedy = "write the address itself, as in 10.77.0.1"
        raise _wrong(source, place, "is {0}, not an IP address".format(_quoted(value)), remedy) from None
    return value


def _devices(value: object, source: str, place: str) -> Tuple[str, ...]:
    names = [] if value is None else value if isinstance(value, list) else [value]
    for name in names:
        if not isinstance(name, str) or not _DEVICE.fullmatch(name):
            remedy = 'write null, "rdma_en2" or ["rdma_en2", "rdma_en3"]'
            raise _wrong(source, place, "is {0}, not a device".format(_quoted(value)), remedy)
    return tuple(names)


def _check_addresses(hosts: Tuple[Host, ...], source: str) -> None:
    """An address belongs to one host. Ranks on the same host may share it, and loopback belongs to everybody."""
    owner: Dict[str, Tuple[str, str]] = {}
    for i, host in enumerate(hosts):
        seen: Set[str] = set()
        for k, ip in enumerate(host.ips):
            place = "hosts[{0}].ips[{1}]".format(i, k)
            if ip in seen:
                remedy = "list each cable's address once (--connections-per-ip opens several connections)"
                raise _wrong(source, place, "repeats {0}".format(ip), remedy)
            seen.add(ip)
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
            what = "is {0}, but leads from {1} to itself".format(_quoted(host.rdma[i][0]), host.ssh)
            raise _wrong(source, "{0}[{1}]".format(place, i), what, "write null")


def _backend(value: object, source: str) -> str:
    if not isinstance(value, str) or (value and value not in BACKENDS):
        what = "is {0}, not a backend that we know".format(_quoted(value))
        raise _wrong(source, "backend", what, "one of {0}".format(", ".join(BACKENDS)))
    return value


def _envs(value: object, source: str) -> Tuple[str, ...]:
    envs: List[str] = []
    for i, env in enumerate(_list(value, source, "envs")):
        if not isinstance(env, str) or not _ENV.match(env) or "\0" in env:
            what = "is {0}, not NAME=VALUE".format(_quoted(env))
            raise _wrong(source, "envs[{0}]".format(i), what, 'write it as in "MLX_METAL_FAST_SYNCH=0"')
        envs.append(env)
    return tuple(envs)


def _extension(value: object, source: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _wrong(source, "boltloom", "is {0}".format(_kind(value)), "write an object, or leave it out")
    return value
