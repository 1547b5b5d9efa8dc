# SPDX-License-Identifier: Apache-2.0
"""Steps are done in order; whatever happens, what was before comes back from the disk alone."""

from __future__ import annotations

import copy
import json

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import steps as kinds
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.model import WantPort
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.steps import Step
from ansible_collections.boltloom.cluster.plugins.module_utils._host import apply, journal
from ansible_collections.boltloom.cluster.plugins.module_utils._host.commands import HostError
from ansible_collections.boltloom.cluster.plugins.module_utils._host.state import State, read_applied
from ansible_collections.boltloom.cluster.plugins.module_utils._host.systems import SYSTEMS
from ansible_collections.boltloom.cluster.plugins.module_utils._host.target import Target
from unit.plugins.module_utils._host.fake_mac import FakeMac, Killed

MACOS, LINUX = SYSTEMS["macos"], SYSTEMS["linux"]
OURS = "Boltloom Thunderbolt 2"
MASK = "255.255.255.252"
WANTED = WantPort(2, "en3", "10.77.0.1", 30, "mac2", "10.77.0.2", OURS)
CREATE = Step(kinds.CREATE_SERVICE, service=OURS, port="Thunderbolt 2", device="en3")
SET_MANUAL = Step(kinds.SET_MANUAL, service=OURS, device="en3", address="10.77.0.1", prefix=30, netmask=MASK)
DISABLE = Step(kinds.DISABLE_BRIDGE_SERVICE, bridge="bridge0", service="Thunderbolt Bridge")
STEPS = (
    DISABLE,
    Step(kinds.RELEASE_PORT_FROM_BRIDGE, bridge="bridge0", device="en3"),
    Step(kinds.RELEASE_PORT_FROM_BRIDGE, bridge="bridge0", device="en4"),
    Step(kinds.DESTROY_BRIDGE, bridge="bridge0"),
    Step(kinds.FORGET_BRIDGE, bridge="bridge0"),
    Step(kinds.REMOVE_ADDRESS, device="en3", address="10.77.0.2", prefix=24),
    CREATE,
    SET_MANUAL,
    Step(kinds.PLACE_SERVICE, service=OURS, device="en3", behind="NAS link"),
    Step(kinds.NOTE_PORTS, ports=(WANTED,)),
)


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(apply, "SETTLE_SECONDS", 0.0)


@pytest.fixture
def mac(tmp_path):
    """A Mac with a service of its user on the port, and an address that somebody set by hand."""
    mac = FakeMac(tmp_path)
    for words in (
        ["-createnetworkservice", "NAS link", "Thunderbolt 2"],
        ["-setmanual", "NAS link", "192.168.50.1", "255.255.255.0", "192.168.50.254"],
        ["-setdnsservers", "NAS link", "9.9.9.9", "1.1.1.1"],
    ):
        mac(["/usr/sbin/networksetup", *words])
    mac.addresses["en3"] = ["10.77.0.2/24", "192.168.0.1/30"]
    mac.bridges["bridge0"]["addresses"] = ["192.168.7.1/24"]
    marker = tmp_path / "System/Library/CoreServices/SystemVersion.plist"
    marker.parent.mkdir(parents=True)
    marker.write_bytes(b"")
    mac.changes.clear()
    return mac


@pytest.fixture
def place(mac):
    return State("macos", str(mac.root))


def begin(mac, place, steps=STEPS, system=MACOS):
    target = Target(mac, str(mac.root))
    apply.start(steps, system, target, place, "ada@laptop, process 1", "boot 1")
    return target


def do(mac, place, steps=STEPS):
    target = begin(mac, place, steps)
    apply.apply_steps(steps, MACOS, target, place)
    return target


def test_all_steps_are_done(mac, place):
    do(mac, place)
    assert mac.bridges == {}
    assert mac.addresses["en3"] == ["192.168.0.1/30"]
    assert [service["UserDefinedName"] for service in mac.services()] == [
        "Ethernet",
        "Thunderbolt Bridge",
        OURS,
        "NAS link",
    ]
    ours = mac.services()[2]["Shown"]
    assert ours == {
        "method": "Manual",
        "ipv6": "Link Local",
        "dns": [],
        "address": "10.77.0.1",
        "netmask": MASK,
        "router": "",
    }
    assert read_applied(place) == (WANTED,)


@pytest.mark.parametrize("number", range(18))
@pytest.mark.parametrize("reboot", [False, True])
def test_a_process_that_was_killed_anywhere_is_undone_by_another_one(mac, place, number, reboot):
    before = copy.deepcopy(mac.everything())
    begun = begin(mac, place)
    mac.stop_after = number
    try:
        for position, step in enumerate(STEPS, 1):
            journal.note_step(place, position)
            MACOS.perform(step, begun)
    except Killed:
        pass
    mac.stop_after = None
    if reboot:
        mac.reboot()
    for _twice in range(2):
        found = journal.read(State("macos", str(mac.root)))
        assert apply.bring_back(found.before, MACOS, Target(mac, str(mac.root))) == []
        compare(mac.everything(), before)
    assert read_applied(place) == ()


def compare(now, before):
    """Byte by byte; only the order of what ifconfig set may be another."""
    assert now[0] == before[0]
    assert sorted(now[1]) == sorted(before[1])
    for name, bridge in now[1].items():
        assert {key: sorted(value) if isinstance(value, list) else value for key, value in bridge.items()} == {
            key: sorted(value) if isinstance(value, list) else value for key, value in before[1][name].items()
        }
    held = {device: sorted(addresses) for device, addresses in now[2].items()}
    assert held["en3"] in (sorted(before[2]["en3"]), ["10.77.0.2/24"])  # 192.168.0.1 was never touched: lost at a boot


def test_the_journal_is_complete_before_the_first_change(mac, place):
    begin(mac, place)
    assert mac.changes == []
    found = journal.read(place)
    assert found.before["service:Thunderbolt Bridge"]["enabled"] is True
    assert found.before["service:" + OURS] is None
    bridge = {"members": ["en3", "en4"], "up": True, "addresses": ["192.168.7.1/24"], "mac": "36:00:00:00:00:40"}
    assert found.before["bridge:bridge0"] == bridge
    assert "thunderbolt-bridge" in found.before["configured:bridge0"]["entry"]
    assert found.before["order:"] == ["Ethernet", "Thunderbolt Bridge", "NAS link"]
    assert found.describe().startswith("a change by ada@laptop, process 1, begun at ")
    journal.note_step(place, 3)
    assert "step 3 of 10 (take en4 out of bridge0)" in journal.read(place).describe()


def test_a_failing_step_brings_everything_back_and_says_so(mac, place):
    before = copy.deepcopy(mac.everything())
    mac.fail["networksetup -setmanual"] = "** Error: The parameters were not valid.\n"
    with pytest.raises(HostError) as caught:
        do(mac, place)
    assert f"could not give the network service '{OURS}' (en3) the address 10.77.0.1/30" in caught.value.message
    assert "The parameters were not valid" in caught.value.message
    assert caught.value.hint == "everything done before it on this host was undone"
    compare(mac.everything(), before)
    assert journal.read(place) is None


def test_what_cannot_be_brought_back_is_said_and_stays_in_the_journal(mac, place):
    mac.fail["networksetup -setmanual"] = "** Error: no\n"
    mac.fail["ifconfig bridge0 addm"] = "ifconfig: BRDGADD en3: Device busy\n"
    with pytest.raises(HostError) as caught:
        do(mac, place)
    assert "was undone" not in caught.value.one_line()
    assert "not everything could be undone: bridge bridge0 is" in caught.value.message
    assert (
        'was {"addresses": ["192.168.7.1/24"], "mac": "36:00:00:00:00:40", "members": ["en3", "en4"]'
        in caught.value.message
    )
    assert "Device busy" in caught.value.message
    assert "Thunderbolt Bridge" in [s["UserDefinedName"] for s in mac.services() if not s.get("off")]
    mac.fail.clear()
    assert apply.bring_back(journal.read(place).before, MACOS, Target(mac, str(mac.root))) == []


def test_a_command_that_only_says_that_it_undid_is_found_out(mac, place):
    """Its exit status is 0, and yet nothing happened."""
    real = mac._ifconfig

    def lying(words):
        return "" if words[1:2] == ["create"] else real(words)

    target = do(mac, place)
    mac._ifconfig = lying
    mac._networksetup = lambda words, real=mac._networksetup: (
        "" if words[0] == "-setnetworkserviceenabled" else real(words)
    )
    left = apply.bring_back(journal.read(place).before, MACOS, target)
    assert any(words.startswith("service Thunderbolt Bridge is") for words in left)
    assert any(words.startswith("bridge bridge0 is not there, was") for words in left)


def test_the_next_run_keeps_the_older_values(mac, place):
    before = copy.deepcopy(mac.everything())
    mac.stop_after = 5
    with pytest.raises(Killed):
        begun = begin(mac, place)
        for step in STEPS:
            MACOS.perform(step, begun)
    mac.stop_after = None
    rest = (CREATE, SET_MANUAL)
    do(mac, place, rest)
    found = journal.read(place)
    assert found.took_over.startswith("a change by ada@laptop")
    assert found.before["service:Thunderbolt Bridge"]["enabled"] is True
    assert apply.bring_back(found.before, MACOS, Target(mac, str(mac.root))) == []
    compare(mac.everything(), before)


def test_confirmed_changes_keep_the_oldest_values(mac, place):
    before = copy.deepcopy(mac.everything())
    do(mac, place)
    journal.confirm(place, journal.read(place))
    assert journal.read(place) is None
    do(mac, place, (Step(kinds.SET_MANUAL, service=OURS, device="en3", address="10.77.0.9", prefix=30, netmask=MASK),))
    journal.confirm(place, journal.read(place))
    origin = journal.read_origin(place)
    assert origin.before["service:" + OURS] is None
    assert apply.bring_back(origin.before, MACOS, Target(mac, str(mac.root))) == []
    compare(mac.everything(), before)


def test_a_line_that_a_power_cut_cut_off_does_not_matter(mac, place):
    begin(mac, place)
    journal.note_step(place, 1)
    with open(place.journal, "a", encoding="utf-8") as file:
        file.write('{"step": 2')
    assert journal.read(place).begun == 1


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": 9}', "[" * 5000, "nul"])
def test_a_damaged_journal_is_named(place, text):
    place_folder = place.folder
    import os

    os.makedirs(place_folder)
    with open(place.journal, "w", encoding="utf-8") as file:
        file.write(text)
    with pytest.raises(Exception, match="var/db/boltloom/journal: damaged") as caught:
        journal.read(place)
    assert type(caught.value).__name__ == "ParseError"


def test_networksetup_that_fails_with_status_0_has_failed(mac, place):
    mac.fail["networksetup -setnetworkserviceenabled"] = "** Error: Command requires admin privileges.\n"
    with pytest.raises(HostError, match="requires admin privileges"):
        do(mac, place, (DISABLE,))


@pytest.mark.parametrize(
    "step",
    [
        Step(kinds.SET_MANUAL, service="Ethernet", device="en3", address="10.77.0.1", prefix=30, netmask=MASK),
        Step(kinds.SET_MANUAL, service="nobody", device="en3", address="10.77.0.1", prefix=30, netmask=MASK),
        Step(kinds.ENABLE_SERVICE, service="Ethernet", device="en3"),
        Step(kinds.DISABLE_BRIDGE_SERVICE, service="Ethernet", bridge="bridge0"),
    ],
    ids=lambda step: f"{step.kind} {step.service}",
)
def test_a_service_that_does_not_belong_to_the_port_is_left_alone(mac, place, step):
    with pytest.raises(HostError, match="it is left alone"):
        MACOS.perform(step, Target(mac, str(mac.root)))
    assert mac.changes == []


def test_a_service_of_somebody_else_is_never_removed(mac, place):
    with pytest.raises(HostError, match="'NAS link' is not one of ours: it is left alone"):
        MACOS.write("service:NAS link", None, Target(mac, str(mac.root)))
    assert mac.changes == []


def test_a_new_service_that_is_the_last_of_its_port_is_removed_too(mac, place):
    before = mac.path.read_bytes()
    create = Step(kinds.CREATE_SERVICE, service="Boltloom Thunderbolt 3", port="Thunderbolt 3", device="en4")
    target = do(mac, place, (create,))
    assert apply.bring_back(journal.read(place).before, MACOS, target) == []
    assert mac.path.read_bytes() == before


def test_services_that_their_user_made_since_keep_their_place(mac, place):
    target = do(mac, place, (CREATE, SET_MANUAL, STEPS[8]))
    mac._create("VPN", "Ethernet")
    assert apply.bring_back(journal.read(place).before, MACOS, target) == []
    names = [service["UserDefinedName"] for service in mac.services()]
    assert names == ["Ethernet", "Thunderbolt Bridge", "NAS link", "VPN"]


def test_a_bug_is_not_hidden_and_leaves_nothing_half_done(mac, place, monkeypatch):
    before = copy.deepcopy(mac.everything())
    monkeypatch.setattr(mac, "_create", lambda name, port: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        do(mac, place)
    compare(mac.everything(), before)
    assert journal.read(place) is None


def test_every_kind_that_a_diff_can_make_has_a_row_and_its_things_too():
    assert set(MACOS.kinds) | set(LINUX.kinds) | {kinds.SET_OPTION} == set(kinds.KINDS)
    for system in (MACOS, LINUX):
        for kind in system.kinds:
            for thing in system.changes([Step(kind, device="en3", bridge="bridge0", service=OURS)]):
                system._thing(thing)


def test_what_nobody_knows_is_refused_by_name():
    with pytest.raises(HostError, match="nobody knows how to take en3 out of bridge0"):
        apply.System({}, {}).perform(STEPS[1], Target(None))
    with pytest.raises(HostError, match="nobody knows how to bring back moon:phase"):
        MACOS.read(["moon:phase"], Target(None))


LINK = {
    "ifname": "thunderbolt0",
    "flags": ["UP"],
    "master": "br0",
    "addr_info": [{"family": "inet", "local": "10.9.9.9", "prefixlen": 24}, {"family": "inet6", "local": "fe80::1"}],
}
RELEASE = Step(kinds.RELEASE_PORT_FROM_BRIDGE, bridge="br0", device="thunderbolt0")
ADD = Step(kinds.ADD_ADDRESS, device="thunderbolt0", address="10.77.0.2", prefix=30)
TAKE = Step(kinds.REMOVE_ADDRESS, device="thunderbolt0", address="10.9.9.9", prefix=24)


@pytest.mark.parametrize(
    ("step", "does", "after", "undoes"),
    [
        (RELEASE, ["link set dev thunderbolt0 nomaster"], {"master": ""}, ["link set dev thunderbolt0 master br0"]),
        (
            ADD,
            ["address add 10.77.0.2/30 dev thunderbolt0", "link set dev thunderbolt0 up"],
            {"addr_info": [*LINK["addr_info"], {"family": "inet", "local": "10.77.0.2", "prefixlen": 30}]},
            ["address delete 10.77.0.2/30 dev thunderbolt0"],
        ),
        (
            TAKE,
            ["address delete 10.9.9.9/24 dev thunderbolt0"],
            {"addr_info": []},
            ["address add 10.9.9.9/24 dev thunderbolt0"],
        ),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_linux(run, tmp_path, step, does, after, undoes):
    place, target = State("linux", str(tmp_path)), Target(run, str(tmp_path))
    run.answer("ip -j address show", stdout=json.dumps([LINK]))
    apply.start([step], LINUX, target, place, "", "")
    apply.apply_steps([step], LINUX, target, place)
    assert [argv for argv in run.asked if argv[1] != "-j"] == [["ip", *words.split()] for words in does]
    run.answer("ip -j address show", stdout=json.dumps([{**LINK, **after}]))
    run.asked.clear()
    assert apply.bring_back(journal.read(place).before, LINUX, target) != []  # the script stays as it is
    assert [argv for argv in run.asked if argv[1] != "-j"][: len(undoes)] == [
        ["ip", *words.split()] for words in undoes
    ]
