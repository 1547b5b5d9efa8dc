# SPDX-License-Identifier: Apache-2.0
"""A fleet file (YAML) as frozen values, checked at the door: every mistake is one line that names its place."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .errors import DescriptionError
from .models import BUILDS, DEVICES, FIRST_WITH_RDMA, LINUX, MODELS, Model

HOST_FAULTS = ("no-sudo", "unreachable")
RDMA_CTL_FAULTS = ("fails", "hangs")
CABLE_FAULTS = ("dead", "half", "slow")
MANAGERS = ("networkmanager", "networkd", "udev", "none")  # who configures the network of a Linux host
_MAC_KEYS = {"model", "ports", "macos", "build", "rdma", "rdma_ctl", "rdma_broken", "bridge", "devices", "uplink"}
INFINIBAND = ("ethernet", "thunderbolt")  # what a Linux host's RDMA devices lie on
_LINUX_KEYS = {"manager", "infiniband"}
_HOST_KEYS = {"system", "user", "faults", "python", "clock", *_MAC_KEYS, *_LINUX_KEYS}
_CABLE_KEYS = {"ends", "speed", "fault", "rate", "through"}
_MAX_HOSTS = 64
_MAX_SKEW = 366 * 24 * 3600


@dataclass(frozen=True)
class MacDescription:
    """One simulated Mac, or a Linux host in its place."""

    name: str
    model_id: str
    ports: dict[int, str]  # receptacle -> device
    macos: str
    build: str
    rdma: bool = True  # what `rdma_ctl status` says
    bridge: bool = True  # the Thunderbolt Bridge is in the preferences of the new Mac
    user: str = "mac"
    devices: dict[int, str] = field(default_factory=dict)  # receptacle -> dock, drive or display
    faults: tuple[str, ...] = ()
    clock: int = 0  # seconds by which its clock is ahead
    uplink: int = 0  # receptacle of the bridge that leads into the control node's network; 0: none
    rdma_ctl: str = ""  # how `rdma_ctl` misbehaves: one of RDMA_CTL_FAULTS
    rdma_broken: tuple[int, ...] = ()  # receptacles whose RDMA port stays down, whatever is plugged in
    python: str = ""  # program that is the Mac's python3; "": the system's; "none": there is none
    manager: str = ""  # of a Linux host; "" for a Mac
    infiniband: tuple[str, ...] = ()  # RDMA devices of a Linux host

    @property
    def model(self) -> Model:
        """What is fixed by the model."""
        return LINUX if self.linux else MODELS[self.model_id]

    @property
    def linux(self) -> bool:
        """Whether it is no Mac."""
        return self.manager != ""

    @property
    def home(self) -> str:
        """Where the user's files are."""
        return f"/home/{self.user}" if self.linux else f"/Users/{self.user}"

    @property
    def has_rdma_driver(self) -> bool:
        """The system is new enough to have one."""
        return tuple(int(part) for part in self.macos.split(".")) >= FIRST_WITH_RDMA

    @property
    def does_rdma(self) -> bool:
        """Enabled, on hardware and a system that have it."""
        return self.rdma and self.model.thunderbolt5 and self.has_rdma_driver


@dataclass(frozen=True)
class Cable:
    """A cable between two receptacles. ``ends[1]`` is the end that a fault "half" leaves loose."""

    ends: tuple[tuple[str, int], tuple[str, int]]
    speed_gbps: int = 0  # 0: what the slower port can do
    fault: str = ""
    rate: str = ""  # for "slow": a rate that tc understands
    through: str = ""  # a device that ``ends[0]`` sees in front of the other Mac, which sees nothing of it


@dataclass(frozen=True)
class Description:
    """A whole fleet."""

    hosts: dict[str, MacDescription]
    cables: tuple[Cable, ...]


def read_description(path: Path) -> Description:
    """Read and check a fleet file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DescriptionError(f"fleet file {path}: {error.strerror}") from None
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        where = f" line {place.line + 1}" if place else ""
        raise DescriptionError(f"fleet file {path}{where}: not YAML: {getattr(error, 'problem', error)}") from None
    try:
        return parse_description(raw)
    except DescriptionError as error:
        raise DescriptionError(f"fleet file {path}: {error}") from None


def parse_description(raw: Any) -> Description:
    """Check the parsed YAML."""
    top = _mapping(raw, "the file", {"hosts", "cables", "defaults"})
    hosts_raw = _mapping(top.get("hosts"), "hosts", None)
    if not 1 <= len(hosts_raw) <= _MAX_HOSTS:
        raise DescriptionError(f"hosts: 1 to {_MAX_HOSTS} hosts are possible, not {len(hosts_raw)}")
    defaults = _mapping(top.get("defaults") or {}, "defaults", _HOST_KEYS)
    hosts = {}
    for name, options in hosts_raw.items():
        own = _mapping(options or {}, f"hosts.{name}", _HOST_KEYS)
        hosts[str(name)] = _host_of_a_system(str(name), defaults, own)
    cables_raw = top.get("cables") or []
    if not isinstance(cables_raw, list):
        raise DescriptionError("cables: must be a list")
    cables = tuple(_cable(entry, f"cables[{i}]", hosts) for i, entry in enumerate(cables_raw))
    _check_receptacles(hosts, cables)
    return Description(hosts, cables)


def _mapping(raw: Any, where: str, allowed: set[str] | None) -> Mapping[Any, Any]:
    if not isinstance(raw, Mapping):
        raise DescriptionError(f"{where}: must be a mapping, is {type(raw).__name__}")
    for key in raw:
        if allowed is not None and key not in allowed:
            raise DescriptionError(f"{where}: unknown key {key!r} (known: {', '.join(sorted(allowed))})")
    return raw


def _host_of_a_system(name: str, defaults: Mapping[str, Any], own: Mapping[str, Any]) -> MacDescription:
    where = f"hosts.{name}"
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name) or name == "control":
        raise DescriptionError(f"{where}: use small letters, digits and -, a letter first, and not control")
    system = _choice({**defaults, **own}.get("system", "macos"), ("macos", "linux"), f"{where}.system")
    foreign = _MAC_KEYS if system == "linux" else _LINUX_KEYS
    wrong = sorted(foreign & set(own))
    if wrong:
        raise DescriptionError(f"{where}: {wrong[0]!r} is not for a host whose system is {system}")
    raw = {key: value for key, value in {**defaults, **own}.items() if key not in foreign}
    return _linux_host(name, raw, where) if system == "linux" else _mac(name, raw, where)


def _linux_host(name: str, raw: Mapping[str, Any], where: str) -> MacDescription:
    return MacDescription(
        name=name,
        model_id="linux",
        ports=dict(LINUX.ports),
        macos="",
        build="",
        rdma=False,
        bridge=False,
        user=_user(raw.get("user", "linux"), f"{where}.user"),
        faults=_faults(raw, where),
        clock=_seconds(raw.get("clock", 0), f"{where}.clock"),
        python=str(raw.get("python") or ""),
        manager=_choice(raw.get("manager", "networkmanager"), MANAGERS, f"{where}.manager"),
        infiniband=tuple(_choice(kind, INFINIBAND, f"{where}.infiniband") for kind in raw.get("infiniband") or []),
    )


def _mac(name: str, raw: Mapping[str, Any], where: str) -> MacDescription:
    model_id = str(raw.get("model", "Mac16,11"))
    if model_id not in MODELS:
        raise DescriptionError(f"{where}.model: unknown model {model_id!r} (known: {', '.join(sorted(MODELS))})")
    ports = _ports(raw.get("ports", MODELS[model_id].ports), f"{where}.ports")
    macos = str(raw.get("macos", "26.4"))
    if not re.fullmatch(r"\d+(\.\d+){0,2}", macos):
        raise DescriptionError(f'{where}.macos: {macos!r} is not a version (write it in quotes, like "26.4")')
    return MacDescription(
        name=name,
        model_id=model_id,
        ports=ports,
        macos=macos,
        build=str(raw.get("build", BUILDS.get(macos, "25X100"))),
        rdma=_boolean(raw.get("rdma", True), f"{where}.rdma"),
        bridge=_boolean(raw.get("bridge", True), f"{where}.bridge"),
        user=_user(raw.get("user", "mac"), f"{where}.user"),
        devices=_devices(raw.get("devices") or {}, ports, f"{where}.devices"),
        faults=_faults(raw, where),
        clock=_seconds(raw.get("clock", 0), f"{where}.clock"),
        uplink=_uplink(raw.get("uplink", 0), ports, f"{where}.uplink"),
        python=str(raw.get("python") or ""),
        rdma_ctl=_choice(raw["rdma_ctl"], RDMA_CTL_FAULTS, f"{where}.rdma_ctl") if raw.get("rdma_ctl") else "",
        rdma_broken=_receptacles(raw.get("rdma_broken") or [], ports, f"{where}.rdma_broken"),
    )


def _faults(raw: Mapping[str, Any], where: str) -> tuple[str, ...]:
    return tuple(_choice(fault, HOST_FAULTS, f"{where}.faults") for fault in raw.get("faults") or [])


def _ports(raw: Any, where: str) -> dict[int, str]:
    ports = dict(_mapping(raw, where, None))
    for receptacle, device in ports.items():
        if not isinstance(receptacle, int) or not 1 <= receptacle <= 16:
            raise DescriptionError(f"{where}: {receptacle!r} is not a receptacle number")
        if not re.fullmatch(r"en[1-9]\d?", str(device)):
            raise DescriptionError(f"{where}.{receptacle}: {device!r} is not a device name like en2")
    if len(set(ports.values())) != len(ports):
        raise DescriptionError(f"{where}: two receptacles have the same device")
    return ports


def _devices(raw: Any, ports: Mapping[int, str], where: str) -> dict[int, str]:
    devices = dict(_mapping(raw, where, None))
    for receptacle, kind in devices.items():
        if receptacle not in ports:
            raise DescriptionError(f"{where}: there is no receptacle {receptacle!r}")
        _choice(kind, DEVICES, f"{where}.{receptacle}")
    return devices


def _receptacles(raw: Any, ports: Mapping[int, str], where: str) -> tuple[int, ...]:
    for receptacle in raw if isinstance(raw, list) else [raw]:
        if receptacle not in ports:
            raise DescriptionError(f"{where}: there is no receptacle {receptacle!r}")
    return tuple(raw if isinstance(raw, list) else [raw])


def _user(raw: Any, where: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,30}", str(raw)) or raw in ("root", "sshd", "nobody"):
        raise DescriptionError(f"{where}: {raw!r} is not a name for an ordinary user")
    return str(raw)


def _uplink(raw: Any, ports: Mapping[int, str], where: str) -> int:
    if raw and raw not in ports:
        raise DescriptionError(f"{where}: there is no receptacle {raw!r}")
    return int(raw)


def _boolean(raw: Any, where: str) -> bool:
    if not isinstance(raw, bool):
        raise DescriptionError(f"{where}: must be true or false, is {raw!r}")
    return raw


def _seconds(raw: Any, where: str) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or abs(raw) > _MAX_SKEW:
        raise DescriptionError(f"{where}: {raw!r} is not a whole number of seconds (up to a year)")
    return raw


def _choice(raw: Any, known: tuple[str, ...], where: str) -> str:
    if raw not in known:
        raise DescriptionError(f"{where}: unknown {raw!r} (known: {', '.join(known)})")
    return str(raw)


def _cable(raw: Any, where: str, hosts: Mapping[str, MacDescription]) -> Cable:
    entry = {"ends": raw} if isinstance(raw, list) else _mapping(raw, where, _CABLE_KEYS)
    ends = entry.get("ends")
    if not isinstance(ends, list) or len(ends) != 2:
        raise DescriptionError(f"{where}: a cable has two ends, like [mac1:2, mac2:3]")
    first, second = (_end(end, where, hosts) for end in ends)
    if first[0] == second[0]:
        raise DescriptionError(f"{where}: both ends are at {first[0]}")
    fault = _choice(entry["fault"], CABLE_FAULTS, f"{where}.fault") if entry.get("fault") else ""
    rate = str(entry.get("rate") or ("100mbit" if fault == "slow" else ""))
    if rate and not re.fullmatch(r"\d+[kmg]?bit", rate):
        raise DescriptionError(f"{where}.rate: {rate!r} is not a rate like 100mbit")
    speed = entry.get("speed", 0)
    if not isinstance(speed, int) or not 0 <= speed <= 80:
        raise DescriptionError(f"{where}.speed: {speed!r} is not a number of Gb/s up to 80")
    through = _choice(entry["through"], DEVICES, f"{where}.through") if entry.get("through") else ""
    return Cable((first, second), speed, fault, rate, through)


def _end(raw: Any, where: str, hosts: Mapping[str, MacDescription]) -> tuple[str, int]:
    # YAML 1.1 reads some "a:1" as numbers of base 60, but only those that begin with a digit: host names do not.
    match = re.fullmatch(r"([^:]+):(\d+)", str(raw))
    if not match:
        raise DescriptionError(f"{where}: {raw!r} is not an end like mac1:2 (host:receptacle)")
    host, receptacle = match[1], int(match[2])
    if host not in hosts:
        raise DescriptionError(f"{where}: there is no host {host!r}")
    if receptacle not in hosts[host].ports:
        known = ", ".join(map(str, sorted(hosts[host].ports)))
        raise DescriptionError(f"{where}: {host} has no receptacle {receptacle} (it has {known})")
    return host, receptacle


def _check_receptacles(hosts: Mapping[str, MacDescription], cables: tuple[Cable, ...]) -> None:
    taken = {(name, receptacle): "a device" for name, host in hosts.items() for receptacle in host.devices}
    taken |= {(name, host.uplink): "the uplink" for name, host in hosts.items() if host.uplink}
    for i, cable in enumerate(cables):
        for end in cable.ends:
            if end in taken:
                raise DescriptionError(f"cables[{i}]: receptacle {end[0]}:{end[1]} is taken by {taken[end]}")
            taken[end] = f"cables[{i}]"
