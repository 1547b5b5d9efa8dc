# SPDX-License-Identifier: Apache-2.0
"""The launcher on the control node of a simulated fleet, as an ordinary user of Macs behind real sshds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fleet.fleet import Fleet
from fleet.pytest_plugin import BringUp
from launcher.running import BOLTLOOM, DEADLINE, err, read_lines

pytestmark = pytest.mark.fleet

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def pair(bring_up: BringUp) -> Fleet:
    """Two Macs and a control node."""
    return bring_up("pair")


def launch(fleet: Fleet, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return fleet.run("control", [*BOLTLOOM, "launch", *arguments], text=False, timeout=DEADLINE)


def test_names_of_hosts_are_enough(pair: Fleet) -> None:
    done = launch(pair, "--hosts", "mac1,mac2", "--", "sh", "-c", "echo $RANK $(hostname) $BOLTLOOM_HOSTS")
    hosts = ";".join(f"{name}={pair.addresses[name]}" for name in ("mac1", "mac2"))
    assert err(done) == []
    assert sorted(done.stdout.decode().splitlines()) == [f"0 mac1 {hosts}", f"1 mac2 {hosts}"]


def test_a_host_behind_another_and_a_sshd_on_another_port(pair: Fleet, tmp_path: Path) -> None:
    """The control node has no way to the second network of the two."""
    for mac, address in (("mac1", "10.66.0.1"), ("mac2", "10.66.0.2")):
        pair.run(mac, ["ifconfig", "en0", "inet", address, "netmask", "255.255.255.0", "alias"], root=True, check=True)
    argv = ["/usr/sbin/sshd", "-D", "-e", "-p", "2222", "-f", "/etc/ssh/sshd_config"]
    daemon = pair.popen("mac2", argv, root=True, stderr=subprocess.PIPE)
    try:
        assert daemon.stderr is not None and b"listening on" in daemon.stderr.readline()
        jump = "-o ProxyJump=mac1 -o HostKeyAlias=mac2"
        script = ("sh", "-c", "echo $RANK $(hostname) ${SSH_CONNECTION##* } $BOLTLOOM_HOSTS")
        done = launch(pair, "--hosts", "ssh://mac@mac[2-2]:2222", "--ssh-arg", "-o HostKeyAlias=mac2", "--", *script)
        assert (err(done), done.stdout) == ([], f"0 mac2 2222 mac2={pair.addresses['mac2']}\n".encode())
        path = tmp_path / "inventory.yml"
        path.write_text(
            "all: {hosts: {mac1: , far: {ansible_host: 10.66.0.2, ansible_port: 2222, ansible_user: mac, "
            f"ansible_ssh_common_args: '{jump}'}}}}}}\n"
        )
        done = launch(pair, "-i", str(path), "--", *script)
        hosts = f"mac1={pair.addresses['mac1']};far=10.66.0.2"
        assert sorted(done.stdout.decode().splitlines()) == [f"0 mac1 22 {hosts}", f"1 mac2 2222 {hosts}"], err(done)
        path.write_text(path.read_text().replace("ProxyJump=mac1", "ProxyJump=mac1:1"))
        done = launch(pair, "-i", str(path), "--", "true")
        assert done.returncode == 3
        why = r"ssh: connect to host \S+ port 1: Connection refused"
        remedy = r"check that ssh .* ProxyJump=mac1:1 .* 10\.66\.0\.2 works without a question"
        assert re.search(rf"cannot reach far by ssh \({why}\): {remedy}", err(done)[-1])
    finally:
        daemon.kill()
        daemon.communicate(timeout=DEADLINE)


def test_the_coordinator_is_on_the_management_network_of_rank_0(pair: Fleet) -> None:
    done = launch(pair, "--hosts", "mac2,mac1", "--", "sh", "-c", "echo $BOLTLOOM_COORDINATOR $MASTER_ADDR")
    (line,) = set(done.stdout.decode().splitlines())
    assert re.fullmatch(rf"{pair.addresses['mac2']}:\d+ {pair.addresses['mac2']}", line)


def test_mlx_runs_unchanged(pair: Fleet) -> None:
    pytest.importorskip("mlx.core")
    done = launch(pair, "--hosts", "mac1,mac2", "--", sys.executable, str(EXAMPLES / "mlx_all_sum.py"))
    assert done.returncode == 0, err(done)
    assert len(done.stdout.splitlines()) == 2


def test_this_computer_takes_part_under_an_address_that_the_others_reach(pair: Fleet) -> None:
    """A loopback address in the ring would be another computer on every host."""
    pytest.importorskip("mlx.core")
    done = launch(pair, "--hosts", "127.0.0.1,mac1", "--", sys.executable, str(EXAMPLES / "mlx_all_sum.py"))
    assert done.returncode == 0, err(done)
    assert len(done.stdout.splitlines()) == 2


def test_one_host_under_two_names_is_one_host(pair: Fleet) -> None:
    names = f"mac1,{pair.addresses['mac1']},mac2"
    done = launch(pair, "--hosts", names, "--", "sh", "-c", "echo $RANK $LOCAL_RANK $LOCAL_WORLD_SIZE")
    assert err(done) == []
    assert sorted(done.stdout.decode().splitlines()) == ["0 0 2", "1 1 2", "2 0 1"]


def test_two_jobs_at_once_never_exchange_a_byte(pair: Fleet) -> None:
    """Both with MLX's ring on the same hosts; on fixed ports each rank would find the other job's."""
    pytest.importorskip("mlx.core")
    script = (
        "import mlx.core as mx, sys, time\n"
        "group = mx.distributed.init(backend='ring')\n"
        "for _ in range(200): total = mx.distributed.all_sum(mx.array([float(sys.argv[1])])).item()\n"
        "print(total)\n"
    )
    argv = [*BOLTLOOM, "launch", "--hosts", "mac1,mac2", "-n", "2", "--", sys.executable, "-c", script]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    jobs = [pair.popen("control", [*argv, str(number)], **pipe) for number in (1, 100)]
    seen = [job.communicate(timeout=DEADLINE * 2) for job in jobs]
    assert [(job.returncode, out.split()) for job, (out, _) in zip(jobs, seen, strict=True)] == [
        (0, [b"4.0"] * 4),
        (0, [b"400.0"] * 4),
    ], seen
    for mac in ("mac1", "mac2"):
        assert pair.run(mac, ["ls", "/tmp/boltloom-ports"]).returncode != 0


def test_a_killed_rank_is_the_cause_on_any_host(pair: Fleet) -> None:
    """Its neighbour on the other host fails a millisecond later, and that news may be the first."""
    pytest.importorskip("mlx.core")
    script = (
        "import mlx.core as mx, os, signal\n"
        "group = mx.distributed.init(backend='ring')\n"
        "for i in range(10000):\n"
        "    mx.eval(mx.distributed.all_sum(mx.ones(1000)))\n"
        "    if i == 20 and group.rank() == 1: os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    for _ in range(5):
        done = launch(pair, "--hosts", "mac1,mac2", "--", sys.executable, "-c", script)
        assert done.returncode == 137, err(done)
        assert any(re.match(r"boltloom: rank 1 on mac2 .* was killed by SIGKILL", line) for line in err(done))


def test_an_address_that_is_not_on_its_host_is_named_before_anything_runs(pair: Fleet, tmp_path: Path) -> None:
    (tmp_path / "hosts.json").write_text(
        '[{"ssh": "mac1", "ips": ["10.77.0.1"]}, {"ssh": "mac2", "ips": ["10.77.0.2"]}]'
    )
    done = launch(pair, "--hostfile", str(tmp_path / "hosts.json"), "--", "true")
    assert done.returncode == 3
    remedy = "plug its cable in, or configure the fabric again"
    assert err(done) == [
        f"boltloom: {mac}: {ip} is not an address of this host: {remedy}"
        for mac, ip in (("mac1", "10.77.0.1"), ("mac2", "10.77.0.2"))
    ]


# ---- what several hosts must have in common, and what must be between them ----

IP = "/.fleet/bin/ip"
ANYWAY = "or start with --no-preflight"


def write(fleet: Fleet, host: str, path: str, text: str) -> None:
    """A file below the home of a Mac's user."""
    script = 'mkdir -p "$(dirname "$1")" && cat > "$1"'
    assert fleet.run(host, ["sh", "-c", script, "sh", path], input=text).returncode == 0


def hostfile(folder: Path, hosts: list[dict[str, Any]], **more: Any) -> str:
    (folder / "hosts.json").write_text(json.dumps({"hosts": hosts, **more}))
    return str(folder / "hosts.json")


def test_the_script_has_to_be_the_same_everywhere(pair: Fleet) -> None:
    for mac, text in {"mac1": "print(1)\n", "mac2": "print(2)\n"}.items():
        write(pair, mac, "train.py", text)
    both = ("--hosts", "mac1,mac2", "--cwd", "/Users/mac")
    done = launch(pair, *both, "--", "train.py")
    words = "/Users/mac/./train.py is not the same as on mac1: copy it to all hosts, or give --no-verify-script"
    assert (done.returncode, err(done)) == (3, [f"boltloom: mac2: {words}"])
    assert launch(pair, *both, "--no-verify-script", "--", "python3", "train.py").stdout in (b"1\n2\n", b"2\n1\n")
    pair.run("mac2", ["rm", "train.py"])
    done = launch(pair, *both, "--", "python3", "train.py")
    words = "/Users/mac/train.py does not exist: copy it to this host, or give another --cwd"
    assert (done.returncode, err(done)) == (3, [f"boltloom: mac2: {words}"])


def test_its_libraries_have_to_be_one_version(pair: Fleet) -> None:
    """Installed where the ranks' environment leads their Python, and nowhere else."""
    for mac, version in {"mac1": "1.0", "mac2": "1.1"}.items():
        write(pair, mac, f"lib/boltloom-{version}.dist-info/METADATA", f"Name: boltloom\nVersion: {version}\n")
    arguments = ("--hosts", "mac1,mac2", "--env", "PYTHONPATH=/Users/mac/lib", "--", "/usr/bin/python3", "-c")
    done = launch(pair, *arguments, "import boltloom")
    words = f"is another version than elsewhere (1.0 on mac1, 1.1 on mac2): install one version everywhere, {ANYWAY}"
    assert (done.returncode, err(done)) == (3, [f"boltloom: mac2: boltloom {words}"])
    done = launch(pair, *arguments, "print('fine')")
    words = "boltloom: the hosts have different versions of boltloom: 1.0 on mac1, 1.1 on mac2"
    assert (done.returncode, done.stdout, err(done)) == (0, b"fine\n" * 2, [words])


@pytest.fixture
def addressed(pair: Fleet) -> Iterator[dict[str, str]]:
    """The cable of the pair has addresses of both kinds; those are given of IPv4."""
    addresses = {"mac1": "10.77.0.1", "mac2": "10.77.0.2"}
    for mac, address in addresses.items():
        for argv in (["bridge0", "deletem", "en3"], ["en3", "inet", f"{address}/30"]):
            assert pair.run(mac, ["ifconfig", *argv], root=True).returncode == 0
    yield addresses
    for mac, address in addresses.items():
        pair.run(mac, ["ifconfig", "en3", "inet", address, "delete"], root=True)
        pair.run(mac, ["ifconfig", "bridge0", "addm", "en3"], root=True)


def test_a_port_that_is_down_is_named_before_anything_runs(pair: Fleet, tmp_path: Path) -> None:
    macs = ("mac1", "mac2")
    hosts = [
        {"ssh": mac, "ips": [pair.addresses[mac]], "rdma": [None if mac == far else "rdma_en3" for far in macs]}
        for mac in macs
    ]
    argv = ("--hostfile", hostfile(tmp_path, hosts, backend="jaccl"), "--", "true")
    assert launch(pair, *argv).returncode == 0
    pair.cut(*macs)
    try:
        done = launch(pair, *argv)
    finally:
        pair.plug(*macs)
    assert (done.returncode, [line.partition(": plug")[0] for line in err(done)]) == (
        3,
        [
            f"boltloom: {near}: the RDMA device rdma_en3, which leads to {far}, is not active (PORT_DOWN)"
            for near, far in (macs, macs[::-1])
        ],
    )


def test_hosts_that_cannot_reach_each_other_are_named_with_their_cable(
    pair: Fleet, addressed: dict[str, str], tmp_path: Path
) -> None:
    """As where macOS lets ssh into the local network, and Python not: "No route to host"."""
    ends = [{"host": mac, "receptacle": 2, "device": "en3", "address": ip} for mac, ip in addressed.items()]
    ring = [{"ssh": mac, "ips": [ip]} for mac, ip in addressed.items()]
    argv = ("--hostfile", hostfile(tmp_path, ring, boltloom={"cables": [{"ends": ends}]}))
    unreachable = (pair.addresses["mac1"], addressed["mac1"])
    for address in unreachable:
        assert pair.run("mac2", [IP, "route", "add", "unreachable", address], root=True).returncode == 0
    try:
        done = launch(pair, *argv, "--", "python3", "-c", "1")
        anyway = launch(pair, *argv, "--no-preflight", "--", "true")
    finally:
        for address in unreachable:
            pair.run("mac2", [IP, "route", "del", "unreachable", address], root=True)
    cable = "over the cable mac1 Thunderbolt 2 = mac2 Thunderbolt 2"
    plug = f"plug the cable in at both ends, or run boltloom.cluster.configure, {ANYWAY}"
    there_and_back = f"from {addressed['mac1']} to mac2 at {addressed['mac2']} {cable} (no answer within 3 s)"
    assert (done.returncode, err(done)) == (
        3,
        [
            f"boltloom: mac1: python3 cannot connect {there_and_back}: {plug}",
            f"boltloom: mac2: python3 cannot connect to mac1 at {pair.addresses['mac1']} (No route to host): see that "
            f"the two are on one network and no firewall of mac1 is in the way, {ANYWAY}",
            f"boltloom: mac2: python3 cannot connect to mac1 at {addressed['mac1']} {cable} (No route to host): {plug}",
        ],
    )
    assert anyway.returncode == 0


def test_an_ipv6_address_is_refused_for_mlx_only(pair: Fleet, addressed: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("mlx.core")
    hosts = []
    for number, mac in enumerate(addressed, 1):
        argv = [IP, "address", "add", f"fd77::{number}/64", "dev", "en3", "nodad"]
        assert pair.run(mac, argv, root=True).returncode == 0
        hosts.append({"ssh": mac, "ips": [f"fd77::{number}"]})
    argv = ("--hostfile", hostfile(tmp_path, hosts), "--", sys.executable, "-c")
    done = launch(pair, *argv, "import mlx.core")
    words = "is an IPv6 address, and MLX reads IPv4 only: give its IPv4 address to --hosts, or a hostfile"
    assert (done.returncode, err(done)) == (
        3,
        [f"boltloom: mac{number}: fd77::{number} {words}, {ANYWAY}" for number in (1, 2)],
    )
    done = launch(pair, *argv, "import boltloom; print('fine')")
    assert (done.returncode, done.stdout) == (0, b"fine\n" * 2), err(done)


def test_a_full_place_for_the_ranks_files_is_named_and_another_one_does(pair: Fleet) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k,mode=1777", "tmpfs", "/private/tmp"]
    assert pair.run("mac2", mount, root=True).returncode == 0
    try:
        done = launch(pair, "--hosts", "mac1,mac2", "--", "true")
        remedy = "make room for the ranks' files there, or name another place with --env TMPDIR=DIR"
        assert (done.returncode, err(done)) == (
            3,
            [f"boltloom: mac2: cannot write to /tmp (No space left on device): {remedy}"],
        )
        there = ("--env", "TMPDIR=/Users/mac")
        done = launch(pair, "--hosts", "mac1,mac2", *there, "--", "sh", "-c", "dirname $MLX_HOSTFILE")
        assert done.returncode == 0, err(done)
        assert all(line.startswith(b"/Users/mac/boltloom-") for line in done.stdout.splitlines())
        assert pair.run("mac2", ["sh", "-c", "ls /tmp; ls -d /Users/mac/boltloom-*"]).stdout == ""
    finally:
        pair.run("mac2", ["umount", "/private/tmp"], root=True)


def test_who_failed_first_does_not_depend_on_the_hosts_clocks(bring_up: BringUp, tmp_path: Path) -> None:
    file = tmp_path / "clocks.yml"
    file.write_text("hosts: {mac1: {clock: 3600}, mac2: {clock: -3600}}\n")
    program = "sleep 0.$((RANK * 5)); exit $((7 + RANK))"
    done = launch(bring_up(file), "--hosts", "mac1,mac2", "--", "sh", "-c", f"trap '' TERM; {program}")
    assert done.returncode == 7
    assert re.match(r"boltloom: rank 0 on mac1 \(pid \d+\) exited with status 7 after 0\.\d\d s; ", err(done)[0])


def test_a_host_that_goes_down_takes_the_run_with_it_and_leaves_nobody(pair: Fleet) -> None:
    argv = [*BOLTLOOM, "launch", "--grace", "1", "--hosts", "mac1,mac2", "--", "sh", "-c", "echo up; exec sleep 4321"]
    process = pair.popen("control", argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert read_lines(process, 2) == ["up", "up"]
    pair.reboot("mac2")
    _, said = process.communicate(timeout=DEADLINE * 2)
    assert process.returncode == 3
    assert re.match(rb"boltloom: rank 1 on mac2 \(pid \d+\) was lost: .*; the other rank was ended\n", said)
    assert b"4321" not in pair.run("mac1", ["ps", "ax"], text=False).stdout


def test_a_run_is_found_from_its_launcher_and_ended_from_one_of_its_hosts(pair: Fleet) -> None:
    argv = [*BOLTLOOM, "launch", "--hosts", "mac1,mac2", "--", "sh", "-c", "echo up; exec sleep 300"]
    process = pair.popen("control", argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    read_lines(process, 2)
    done = pair.run("control", [*BOLTLOOM, "ps", "--json"], text=False, timeout=DEADLINE)
    found = [run for run in json.loads(done.stdout) if run["state"] == "running"]
    assert [(run["host"], [each["rank"] for each in run["ranks"]]) for run in found] == [("mac1", [0]), ("mac2", [1])]
    kill = [*BOLTLOOM, "kill", "--hosts", "mac2", found[0]["run"]]
    assert (
        pair.run("control", kill, text=False, timeout=DEADLINE).stdout.decode() == f"ended {found[0]['run']} on mac2\n"
    )
    _, words = process.communicate(timeout=DEADLINE)
    assert process.returncode == 143
    assert b"; 2 ranks were ended\n" in words  # that on the other host by the launcher
    for mac in ("mac1", "mac2"):
        assert pair.run(mac, ["pgrep", "-x", "sleep"]).returncode == 1
