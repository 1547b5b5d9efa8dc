# SPDX-License-Identifier: Apache-2.0
"""Coming up, being used by hand, and going down without a trace."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fleet.boot import CHECKOUT
from fleet.fleet import Fleet, fleet_up
from fleet.pytest_plugin import BringUp
from fleet.state import RUN, started

pytestmark = pytest.mark.fleet


@pytest.fixture(scope="module")
def fleet(bring_up: BringUp) -> Fleet:
    return bring_up("pair")


def by_hand(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "timeout": 60, **options}
    return subprocess.run([sys.executable, "-m", "fleet", *arguments], check=False, **options)


def traces(name: str) -> list[str]:
    """What is left of a fleet on this machine."""
    found = [str(path) for path in [RUN / name] if path.exists()]
    found += [line for line in Path("/proc/self/mounts").read_text().splitlines() if f"{RUN}/{name}" in line]
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and f"{RUN}/{name}/".encode() in (entry / "cmdline").read_bytes():
                found.append(f"process {entry.name}")
        except OSError:
            pass  # it ended while we looked
    return found


def test_nothing_is_left_behind() -> None:
    def host_network() -> str:
        return subprocess.run(["ip", "-br", "link"], capture_output=True, text=True, check=True).stdout

    interfaces, namespaces = host_network(), subprocess.run(["ip", "netns"], capture_output=True, check=True).stdout
    with fleet_up("ring4") as ring:
        processes = ring.processes()
        # process 1 of the fleet, of the control and of four Macs; what does these Macs' commands
        assert len(processes) == 1 + 1 + 4 + 4
        assert traces(ring.name)
        assert host_network() == interfaces
    assert [pid for pid in processes if started(pid)] == []
    assert traces(ring.name) == []
    assert host_network() == interfaces
    assert subprocess.run(["ip", "netns"], capture_output=True, check=True).stdout == namespaces
    ring.down()  # once more is fine


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_up_leaves_nothing(number: signal.Signals) -> None:
    name = f"t{os.getpid()}-{number.name.lower()}"
    up = subprocess.Popen([sys.executable, "-m", "fleet", "up", "ring8", "--name", name], stderr=subprocess.PIPE)
    deadline = time.monotonic() + 30
    while not (RUN / name / "boot/mac1.json").exists():  # in the middle of it: the first Mac is about to boot
        assert time.monotonic() < deadline and up.poll() is None
    up.send_signal(number)
    _, error = up.communicate(timeout=30)
    assert up.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert b"Traceback" not in error
    if number == signal.SIGKILL:  # nobody could clean up, but the processes end by themselves, and `down` does the rest
        assert by_hand("down", "--name", name).returncode == 0
        while traces(name):
            assert time.monotonic() < deadline, traces(name)
    assert traces(name) == []


HOLD = """
import sys
from fleet.fleet import fleet_up
with fleet_up("pair", sys.argv[1]):
    print("up", flush=True)
    input()
"""


def test_a_fleet_does_not_outlive_the_tests_that_hold_it() -> None:
    name = f"t{os.getpid()}-held"
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    holder = subprocess.Popen([sys.executable, "-c", HOLD, name], **options)
    assert holder.stdout.readline() == b"up\n"
    processes = Fleet.named(name).processes()
    holder.kill()
    holder.communicate(timeout=10)
    deadline = time.monotonic() + 10
    while any(started(pid) for pid in processes):
        assert time.monotonic() < deadline
    with fleet_up("pair"):
        assert traces(name) == []  # the next fleet, of whatever name, has removed what was left of the dead one


def test_two_fleets_do_not_meet(fleet: Fleet) -> None:
    with fleet_up("no_cables") as other:
        assert other.addresses == fleet.addresses
        fleet.run("mac1", ["touch", "/tmp/mine"], check=True)
        assert other.run("mac1", ["test", "-e", "/tmp/mine"]).returncode == 1
        assert other.run("control", ["ssh", "mac2", "hostname"]).stdout == "mac2\n"
    assert fleet.run("control", ["ssh", "mac2", "hostname"]).stdout == "mac2\n"


def test_a_name_can_be_up_only_once(fleet: Fleet) -> None:
    done = by_hand("up", "pair", "--name", fleet.name)
    assert done.returncode == 3
    assert (
        done.stderr == f"fleet: fleet {fleet.name!r} is up already: `python -m fleet down --name {fleet.name}` first\n"
    )
    assert fleet.run("mac1", ["hostname"]).stdout == "mac1\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status", "--name", "never"], "no fleet 'never' is up"),
        (["up", "never.yml", "--name", "never"], "fleet file never.yml: No such file or directory"),
        (["down", "--name", "../never"], "'../never' is no name for a fleet"),
        (["up", "pair", "--name", "/never"], "'/never' is no name for a fleet"),
        (["exec", "mac1"], "no command given"),
        (["exec", "mac7", "--", "true"], "no host 'mac7'"),
        (["cut", "mac1", "mac2", "--rail", "1"], "there is no cable 1 between mac1 and mac2 (there are 1, from 0)"),
        (["reboot", "control"], "only a Mac can be rebooted: mac1, mac2"),
    ],
)
def test_wrong_usage_is_one_line(fleet: Fleet, arguments: list[str], said: str) -> None:
    if "--name" not in arguments:
        arguments = [arguments[0], "--name", fleet.name, *arguments[1:]]
    done = by_hand(*arguments)
    assert done.returncode in (2, 3)
    assert done.stderr.startswith("fleet: ") and said in done.stderr and done.stderr.count("\n") == 1


def test_status_names_hosts_ports_and_cables(fleet: Fleet) -> None:
    status = json.loads(by_hand("status", "--json", "--name", fleet.name).stdout)
    assert status["hosts"]["mac2"]["ports"] == {"1": "en2", "2": "en3", "3": "en4"}
    assert status["cables"] == [{"ends": ["mac1:2", "mac2:2"], "plugged": True}]


def test_ssh_is_a_login_of_an_ordinary_user(fleet: Fleet) -> None:
    asked = 'id -u; echo "$HOME $PATH"; sudo -n id -u; python3 -c "print(1 + 1)"; ls -d "$0"'
    done = fleet.run("control", ["ssh", "mac1", asked.replace("$0", str(CHECKOUT / "pyproject.toml"))], check=True)
    assert done.stdout.splitlines() == [
        "501",
        "/Users/mac /usr/bin:/bin:/usr/sbin:/sbin",
        "0",
        "2",
        str(CHECKOUT / "pyproject.toml"),
    ]
    copied = fleet.run("control", ["sftp", "-b", "-", "mac2"], input=f"put {__file__} copy\n")
    assert copied.returncode == 0, copied.stderr
    assert fleet.run("mac2", ["cat", "copy"]).stdout == Path(__file__).read_text()


def test_a_terminal_over_ssh(fleet: Fleet) -> None:
    assert fleet.run("control", ["ssh", "-tt", "mac1", "tty"]).stdout.strip() == "/dev/pts/0"


def test_the_control_node_is_the_caller_with_another_home(fleet: Fleet, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLOUR", "green")
    done = fleet.run("control", ["sh", "-c", 'cat; pwd; echo "$COLOUR $HOME"; hostname; exit 7'], input="given\n")
    assert done.stdout.splitlines() == ["given", str(tmp_path), f"green {fleet.home}", "control"]
    assert done.returncode == 7
    assert not (fleet.home / ".ssh/authorized_keys").exists()


def test_exec_passes_signals_on_and_dies_with_its_caller(fleet: Fleet) -> None:
    trap = "trap 'echo caught; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    running = fleet.popen("control", ["bash", "-c", trap], stdout=subprocess.PIPE, text=True)
    assert running.stdout.readline() == "ready\n"
    running.terminate()
    assert running.stdout.read() == "caught\n"
    assert running.wait(10) == 5

    before = set(fleet.processes())
    running = fleet.popen("mac1", ["sh", "-c", "echo ready; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert running.stdout.readline() == b"ready\n"
    running.kill()
    running.wait(10)
    deadline = time.monotonic() + 10
    while set(fleet.processes()) - before:
        assert time.monotonic() < deadline


COUNT_INTERRUPTS = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
print("ready", flush=True)
if signal.sigtimedwait({signal.SIGINT}, 20):
    print("interrupted", flush=True)
if signal.sigtimedwait({signal.SIGINT}, 0.3):
    print("twice", flush=True)
print("done", flush=True)
"""


def test_ctrl_c_at_a_terminal_arrives_once(fleet: Fleet) -> None:
    argv = fleet.enter_argv("control", ["python3", "-c", COUNT_INTERRUPTS])
    child, terminal = pty.fork()
    if child == 0:
        os.execve(argv[0], argv, fleet.environment("control"))
    said = b""
    while b"done" not in said:
        said += os.read(terminal, 1000)
        if said.endswith(b"ready\r\n"):
            os.write(terminal, b"\x03")
            said += b"!"
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(terminal)
    assert said.count(b"interrupted") == 1 and b"twice" not in said


def test_faulty_hosts(bring_up: BringUp, tmp_path: Path) -> None:
    file = tmp_path / "faulty.yml"
    file.write_text(
        "hosts:\n"
        "  mac1: {faults: [no-sudo]}\n"
        "  mac2: {faults: [unreachable]}\n"
        "  mac3: {macos: '26.1', rdma: false, user: jane}\n"
        "  mac4: {python: none, model: 'Mac16,10'}\n"
    )
    fleet = bring_up(file)
    refused = fleet.run("control", ["ssh", "mac1", "sudo -n id"])
    assert refused.returncode == 1 and "password is required" in refused.stderr
    assert fleet.run("control", ["ssh", "mac1", "sudo -S id -u"], input="boltloom\n").stdout == "0\n"
    lost = fleet.run("control", ["ssh", "-o", "ConnectTimeout=1", "mac2", "true"])
    assert lost.returncode == 255
    assert fleet.run("control", ["ssh", "mac3", "id -un; sw_vers -productVersion"]).stdout == "jane\n26.1\n"
    assert fleet.run("mac3", ["ibv_devices"]).returncode == 127
    assert fleet.run("control", ["ssh", "mac4", "python3 -V"]).returncode == 127
    assert fleet.run("mac4", ["ibv_devices"]).stdout.count("\n") == 2  # Thunderbolt 4: the heading alone
    unknown = fleet.run("control", ["ssh", "mac9", "true"])
    assert (unknown.returncode, "mac9" in unknown.stderr) == (255, True)
    fleet.down()


def test_a_wrong_clock(bring_up: BringUp, tmp_path: Path) -> None:
    file = tmp_path / "clocks.yml"
    file.write_text("hosts: {mac1: , mac2: {clock: 7200}, mac3: {clock: -86400}}\n")
    fleet = bring_up(file)
    asked = "date +%s; sudo date +%s; python3 -c 'import time; print(int(time.time()))'"
    for mac, ahead in (("mac1", 0), ("mac2", 7200), ("mac3", -86400)):
        said = fleet.run("control", ["ssh", mac, asked], check=True).stdout.split()
        assert len(said) == 3
        assert all(abs(int(seconds) - time.time() - ahead) < 60 for seconds in said), (mac, said)
    waited = "import threading, time; b = time.monotonic(); threading.Event().wait(0.1); print(time.monotonic() - b)"
    assert 0.1 <= float(fleet.run("mac2", ["python3", "-c", waited], check=True).stdout) < 30
    fleet.down()


def test_another_interpreter_can_be_a_macs_python3(bring_up: BringUp, tmp_path: Path) -> None:
    file = tmp_path / "python.yml"
    file.write_text(f"hosts: {{mac1: {{python: {sys.executable}}}}}\n")
    fleet = bring_up(file)
    version = ".".join(map(str, sys.version_info[:3]))
    assert fleet.run("control", ["ssh", "mac1", "python3 -V"]).stdout == f"Python {version}\n"
    fleet.down()
    file.write_text("hosts: {mac1: {python: python9.9}}\n")
    done = by_hand("up", str(file), "--name", "never")
    assert done.stderr == "fleet: the fleet file wants 'python9.9' as a Mac's python3, and it does not run here\n"
    assert traces("never") == []


def cpu_seconds(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def test_eight_hosts_come_up_quickly_and_idle(bring_up: BringUp, record_property) -> None:
    began = time.monotonic()
    fleet = bring_up("ring8")
    took = time.monotonic() - began
    assert took < 60
    assert fleet.run("control", ["ssh", "mac8", "hostname"]).stdout == "mac8\n"
    pids = fleet.processes()
    before = cpu_seconds(pids)
    window = time.monotonic() + 5  # not a wait for something to happen: the length of the measurement
    time.sleep(window - time.monotonic())
    idle = cpu_seconds([pid for pid in pids if started(pid)]) - before
    record_property("seconds_to_come_up", round(took, 2))
    record_property("idle_cpu_seconds_in_5", idle)
    assert idle < 0.1
    fleet.down()


TIMED = """
import subprocess, time
began = time.monotonic()
for _ in range(10):
    subprocess.run(["ifconfig"], stdout=subprocess.DEVNULL)
print((time.monotonic() - began) / 10)
"""


def test_emulated_commands_start_quickly(fleet: Fleet) -> None:
    seconds = float(fleet.run("mac1", ["python3", "-c", TIMED], check=True).stdout)
    assert seconds < 0.5  # 0.04 on an idle machine


def test_no_text_of_the_simulator_names_this_machine() -> None:
    here = Path(__file__).resolve().parents[1]
    for path in here.rglob("*"):
        if path.suffix in (".py", ".yml", ".md") and path != Path(__file__).resolve():
            assert not re.search(r"/root/|/work/|pyenv", path.read_text()), path


def test_who_ends_a_command_ends_what_is_done_for_it(tmp_path: Path) -> None:
    (tmp_path / "hangs.yml").write_text("hosts: {mac1: {rdma_ctl: hangs}}\ncables: []\n")
    with fleet_up(tmp_path / "hangs.yml") as fleet:
        fleet.run("mac1", ["sw_vers"], check=True)
        before = set(fleet.processes())
        assert fleet.run("mac1", ["timeout", "-s", "KILL", "1", "rdma_ctl", "status"]).returncode == 137
        deadline = time.monotonic() + 10
        while set(fleet.processes()) - before:
            assert time.monotonic() < deadline, "the command's work goes on"
            time.sleep(0.1)
