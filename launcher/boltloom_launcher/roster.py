# SPDX-License-Identifier: Apache-2.0
"""Which ranks sit where: from --hosts, from a hostfile, or from an Ansible inventory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import hostfile as hostfiles
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Host, Hostfile

from boltloom_launcher.agent.named_tuple import NamedTuple
from boltloom_launcher.data_paths import cables_of
from boltloom_launcher.errors import HostfileError, UsageError
from boltloom_launcher.host_list import from_names, from_text, is_text
from boltloom_launcher.hosts import Reach, Roster, default_reach, seat
from boltloom_launcher.ssh import inventory_options

if TYPE_CHECKING:
    from boltloom_launcher.inventory import Inventory
    from boltloom_launcher.inventory_host import InventoryHost

Say = Callable[[str], None]


class Source(NamedTuple):
    """What the command line says about hosts."""

    hosts: str | None = None
    repeat: int | None = None  # ranks per host, None where nobody says
    hostfile: str | None = None
    inventories: tuple[str, ...] = ()
    limit: str = ""
    ssh_options: tuple[str, ...] = ()
    python: str | None = None
    cables: bool = True  # it matters what the ranks talk over


class Listed(NamedTuple):
    """The ranks, and what else a hostfile had to say."""

    roster: Roster
    backend: str = ""
    envs: tuple[str, ...] = ()
    cables: tuple[tuple[str, str], ...] = ()  # address -> the cable that it is on


def read_roster(source: Source, say: Say) -> Listed:
    """Find the hosts. ``say`` is given what a person should know about the choice.

    :raises UsageError: the options contradict each other or name what is not there.
    :raises HostfileError: the hostfile is missing or wrong.
    """
    if source.hosts is not None and source.hostfile is not None:
        raise UsageError("--hosts and --hostfile both say which hosts to use", "give one of them")
    if source.limit and not source.inventories:
        raise UsageError("--limit takes hosts away from an inventory, and there is none", "give one with -i")
    if source.inventories:
        return _from_inventory(source, say)
    if source.hostfile is not None:
        return _listed(read_hostfile(source.hostfile), lambda ssh: _plain(source, ssh), source, say)
    hosts = from_names(source.hosts if source.hosts is not None else "127.0.0.1", source.repeat or 1)
    return Listed(seat(hosts, lambda ssh: _plain(source, ssh)))


def read_hostfile(path: str) -> Hostfile:
    """Read and check a hostfile, in JSON or a list of hosts. :raises HostfileError: it is missing or wrong."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        remedy = "write one with boltloom.cluster.configure, or correct the path"
        raise HostfileError(f"hostfile {path} does not exist", remedy) from None
    except UnicodeDecodeError:
        raise HostfileError(f"hostfile {path} is not text in UTF-8", "give a JSON file, or a list of hosts") from None
    except OSError as error:
        raise HostfileError(
            f"hostfile {path} cannot be read ({error.strerror})", "correct its path or permissions"
        ) from None
    return from_text(text, path) if is_text(text) else hostfiles.parse(text, path)


def _listed(hostfile: Hostfile, reach: Callable[[str], Reach], source: Source, say: Say) -> Listed:
    if (source.repeat or 1) > 1:
        say("-n has no effect with a hostfile: a host that is listed twice in it gets two ranks")
    for place in hostfile.unknown:
        say(f"{place} has no effect: no such key is known")
    return Listed(seat(hostfile.hosts, reach), hostfile.backend, hostfile.envs, cables_of(hostfile))


def _plain(source: Source, ssh: str) -> Reach:
    return default_reach(ssh, source.ssh_options, (source.python,) if source.python else ())


# ---- inventory ----


def _from_inventory(source: Source, say: Say) -> Listed:
    from boltloom_launcher.inventory import read_inventory  # brings ansible-runner along, which takes its time

    names = source.hosts.split(",") if source.hosts is not None else None
    if names is not None and not all(names):
        raise UsageError("--hosts has '' in it, which is no host", "write names with commas between them")
    inventory = read_inventory(source.inventories, names, source.limit)

    def reach(ssh: str) -> Reach:
        host = inventory.find(ssh)
        return _inventory_reach(host, source) if host else _plain(source, ssh)

    if source.hostfile is not None:
        return _listed(read_hostfile(source.hostfile), reach, source, say)
    hostfile = None
    if source.cables and inventory.hostfile.exists():
        hostfile = _written_hostfile(inventory, say)
    elif source.cables:
        hostfile = _gathered_hostfile(inventory, source, say)
    if hostfile is not None:
        return _listed(hostfile, reach, source, say)
    hosts = [Host(ssh=host.name) for host in inventory.hosts for _ in range(source.repeat or host.slots)]
    return Listed(seat(hosts, reach))


def _written_hostfile(inventory: Inventory, say: Say) -> Hostfile | None:
    """What boltloom.cluster.configure wrote for exactly these hosts, or None for plain Ethernet."""
    path = inventory.hostfile
    hostfile = read_hostfile(str(path))
    listed = {inventory.find(host.ssh) for host in hostfile.hosts}
    if listed != set(inventory.hosts):
        say(f"{path} is for other hosts than these, so the ranks talk over Ethernet: run boltloom.cluster.configure")
        return None
    return hostfile


def _gathered_hostfile(inventory: Inventory, source: Source, say: Say) -> Hostfile | None:
    """What the hosts themselves say of their cables, or None for plain Ethernet: a cable's ends have a rank each."""
    from boltloom_launcher.gathered import gather, looks_configured

    hosts = inventory.hosts
    one_each = len(hosts) > 1 and all((source.repeat or host.slots) == 1 for host in hosts)
    asked_alike = not source.ssh_options  # Ansible would not know of them
    if (
        one_each
        and asked_alike
        and inventory.over != "ethernet"
        and looks_configured(_inventory_reach(hosts[0], source))
    ):
        part = source.hosts is not None or bool(source.limit)
        return gather(source.inventories, [host.name for host in hosts], say, part)
    words = "does not exist, so the ranks talk over Ethernet: run boltloom.cluster.configure for the cables"
    say(f"{inventory.hostfile} {words}")
    return None


def _inventory_reach(host: InventoryHost, source: Source) -> Reach:
    if host.local:
        return Reach(name=host.name, settings=host.settings)
    options = inventory_options(host.user, host.port, host.key_file, host.first_ssh_args, host.ssh_args)
    pythons = [python for python in (source.python, host.settings.python, host.python) if python]
    return Reach(host.name, host.address, (*source.ssh_options, *options), tuple(pythons), host.settings)
