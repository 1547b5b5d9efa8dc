# SPDX-License-Identifier: Apache-2.0
"""Our hostfile beside the one that mlx.distributed_config writes about the same Macs and cables.

What must be the same: who leads to whom by which device, in every rail, and which interfaces the ring's addresses are
on. What differs, and why:

* Addresses: MLX counts 192.168.0.1, .5, ... over the hosts it was given, so that a second call renumbers the cables.
  Ours follow from the cables. So interfaces are compared, not addresses.
* Rails: MLX sorts a host's ports by the interface's name at each end by itself, and so pairs rail 0 of one end with
  whatever rail 0 the other end has. Ours are numbered once per cable: rail k is the same cable at both ends.
* The ring of two hosts: MLX gives each host its addresses towards the other, once per cable. So do we.
* Order of the ranks: MLX keeps the order of --hosts for a mesh, and for a ring begins at the first host and follows
  the first ring it finds. We keep the inventory's order, too, and take the strongest ring.
* Ethernet: MLX writes an empty "backend", which its launcher reads as ring; we write "ring".
* Our file has the key "boltloom" besides, which MLX does not look at.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from itertools import permutations
from pathlib import Path

import pytest

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(1.5)]
pytest.importorskip("mlx.core")
BIN = Path(sys.executable).parent

# mac1 and mac2 are joined twice, and the names of mac1's interfaces do not ascend with its receptacles.
FLEET = """\
hosts:
  mac1: {model: "Mac17,6"}
  mac2: {model: "Mac15,14"}
  mac3: {model: "Mac16,11"}
cables:
  - [mac1:1, mac2:2]
  - [mac1:2, mac2:1]
  - [mac1:3, mac3:1]
  - [mac2:5, mac3:3]
"""


def of_mlx(rack, hosts, *arguments):
    """What MLX's tool writes. It sets nothing up: that would undo what ours did."""
    path = rack.folder / "mlx.json"
    tool = [str(BIN / "mlx.distributed_config"), "--hosts", ",".join(hosts), "--no-auto-setup", *arguments]
    # It waits for Enter, host by host, on an input that its own ssh processes read empty.
    line = f"yes '' | {shlex.join([*tool, '--output-hostfile', str(path)])}"
    done = rack.fleet.run("control", ["bash", "-c", line], timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(path.read_text()), interfaces(done.stdout)


def interfaces(printed):
    """(host, address) -> interface, out of the commands that MLX prints for people to type."""
    found = {}
    for host, commands in re.findall(r"Setup for (\S+)\n=+\n(.*?)(?=Setup for |\Z)", printed, re.DOTALL):
        for device, address in re.findall(r"ifconfig (en\d+) inet (\S+) ", commands):
            found[host, address] = device
    return found


def of_ours(rack, hosts, *arguments):
    """What our playbook writes."""
    path, inventory = rack.folder / "ours.json", rack.folder / "these.json"
    inventory.write_text(json.dumps({"boltloom": {"hosts": dict.fromkeys(hosts)}}))
    path.unlink(missing_ok=True)  # one that is there would have its own say
    rack.play("configure", "-e", f"thunderbolt_net_hostfile={path}", *arguments, inventory=inventory)
    return json.loads(path.read_text())


def on_interface(rack, host, address):
    """The interface that has an address now."""
    for block in re.split(r"^(?=\S)", rack.on(host, "/sbin/ifconfig"), flags=re.MULTILINE):
        if f"inet {address} " in block:
            return block.split(":")[0]
    raise AssertionError(f"{host} has no {address}")


def as_lists(matrix):
    return [[[] if cell is None else cell if isinstance(cell, list) else [cell] for cell in row] for row in matrix]


def matrices(mlx, ours):
    """Both matrices, ours in MLX's order of hosts."""
    names = [host["ssh"] for host in mlx["hosts"]]
    rank = {host["ssh"]: number for number, host in enumerate(ours["hosts"])}
    reordered = [[ours["hosts"][rank[one]]["rdma"][rank[two]] for two in names] for one in names]
    return as_lists([host["rdma"] for host in mlx["hosts"]]), as_lists(reordered)


@pytest.mark.parametrize("backend", ["jaccl", pytest.param("jaccl-ring", marks=pytest.mark.campaign)])
def test_by_rdma_the_same_devices_lead_to_the_same_hosts(rack, backend):
    hosts = ["mac1", "mac2", "mac3"]
    mlx, _ = of_mlx(rack, hosts, "--backend", backend)
    ours = of_ours(rack, hosts, "-e", f"thunderbolt_net_backend={backend}")
    assert mlx["backend"] == ours["backend"] == backend
    theirs, mine = matrices(mlx, ours)
    # Either lists one cable a pair, as the narrowest pair has one. Of mac1's two to mac2 each takes its own first.
    for i, j in permutations(range(3), 2):
        if {hosts[i], hosts[j]} != {"mac1", "mac2"}:
            assert theirs[i][j] == mine[i][j]
    assert [len(cell) for row in theirs for cell in row] == [len(cell) for row in mine for cell in row]
    assert {host["ssh"]: host["ips"] for host in mlx["hosts"]} == {host["ssh"]: host["ips"] for host in ours["hosts"]}
    assert [host["ssh"] for host in ours["hosts"]] == hosts == [host["ssh"] for host in mlx["hosts"]]


@pytest.mark.campaign
def test_of_several_cables_both_list_all_and_ours_pairs_their_ends(rack):
    hosts = ["mac1", "mac2"]
    mlx, _ = of_mlx(rack, hosts, "--backend", "jaccl")
    ours = of_ours(rack, hosts, "-e", "thunderbolt_net_backend=jaccl")
    theirs, mine = matrices(mlx, ours)
    assert [[sorted(cell) for cell in row] for row in theirs] == [[sorted(cell) for cell in row] for row in mine]
    cables = {("rdma_en1", "rdma_en3"), ("rdma_en6", "rdma_en2")}  # mac1:1 to mac2:2, mac1:2 to mac2:1
    assert set(zip(mine[0][1], mine[1][0], strict=True)) == cables


def test_around_the_ring_the_addresses_are_on_the_same_interfaces(rack):
    hosts = ["mac1", "mac2", "mac3"]
    mlx, printed = of_mlx(rack, hosts, "--backend", "ring")
    ours = of_ours(rack, hosts, "-e", "thunderbolt_net_backend=ring")
    assert [host["ssh"] for host in ours["hosts"]] == [host["ssh"] for host in mlx["hosts"]]
    for one, other in zip(mlx["hosts"], ours["hosts"], strict=True):
        theirs = [printed[one["ssh"], address] for address in one["ips"]]
        mine = [on_interface(rack, other["ssh"], address) for address in other["ips"]]
        assert len(theirs) == len(mine) == 1
        if one["ssh"] != "mac2":  # mac2's rank before it is mac1, by two cables: either will do
            assert theirs == mine


@pytest.mark.campaign
def test_a_ring_of_two_has_every_cable(rack):
    mlx, printed = of_mlx(rack, ["mac1", "mac2"], "--backend", "ring")
    ours = of_ours(rack, ["mac1", "mac2"], "-e", "thunderbolt_net_backend=ring")
    for one, other in zip(mlx["hosts"], ours["hosts"], strict=True):
        theirs = {printed[one["ssh"], address] for address in one["ips"]}
        assert theirs == {on_interface(rack, other["ssh"], address) for address in other["ips"]}
        assert len(theirs) == 2


def test_over_ethernet_the_same_addresses_in_the_same_order(rack):
    hosts = ["mac1", "mac2", "mac3"]
    mlx, _ = of_mlx(rack, hosts, "--over", "ethernet")
    ours = of_ours(rack, hosts, "-e", "thunderbolt_net_over=ethernet")
    for key in ("ssh", "ips"):
        assert [host[key] for host in ours["hosts"]] == [host[key] for host in mlx["hosts"]]
    assert (mlx["backend"], ours["backend"]) == ("", "ring")
    assert [host["rdma"] for host in ours["hosts"]] == [host["rdma"] for host in mlx["hosts"]] == [[]] * 3


@pytest.mark.campaign
def test_without_a_backend_mlx_takes_what_auto_takes(rack):
    hosts = ["mac1", "mac2", "mac3"]
    mlx, _ = of_mlx(rack, hosts)
    ours = of_ours(rack, hosts, "-e", "thunderbolt_net_backend=auto")
    assert mlx["backend"] == ours["backend"] == "jaccl"


@pytest.mark.campaign
def test_mlx_reads_our_file_as_its_own(rack):
    from mlx._distributed_utils.common import Hostfile

    ours = of_ours(rack, ["mac1", "mac2", "mac3"], "-e", "thunderbolt_net_backend=jaccl")
    read = Hostfile.from_file(str(rack.folder / "ours.json"))
    assert [host.rdma for host in read.hosts] == [host["rdma"] for host in ours["hosts"]]
    assert (read.backend, read.envs) == ("jaccl", [])
