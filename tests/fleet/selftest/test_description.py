# SPDX-License-Identifier: Apache-2.0
"""Fleet files: the ready ones are right, and every mistake is one line that names its place."""

import pytest
import yaml
from fleet.cli import main
from fleet.description import parse_description, read_description
from fleet.errors import DescriptionError
from fleet.fleet import FLEETS

MISTAKES = {
    "[]": "the file: must be a mapping, is list",
    "{}": "hosts: must be a mapping, is NoneType",
    "{hosts: {}}": "hosts: 1 to 64 hosts are possible, not 0",
    "{hosts: {mac1: }, hots: 1}": "the file: unknown key 'hots' (known: cables, defaults, hosts)",
    "{hosts: {mac1: {colour: red}}}": "hosts.mac1: unknown key 'colour'",
    "{hosts: {Mac_1: }}": "hosts.Mac_1: use small letters",
    "{hosts: {control: }}": "hosts.control: use small letters",
    "{hosts: {mac1: {model: iMac}}}": "hosts.mac1.model: unknown model 'iMac'",
    "{hosts: {mac1: {macos: tahoe}}}": "hosts.mac1.macos: 'tahoe' is not a version",
    "{hosts: {mac1: {rdma: maybe}}}": "hosts.mac1.rdma: must be true or false, is 'maybe'",
    "{hosts: {mac1: {rdma_ctl: sulks}}}": "hosts.mac1.rdma_ctl: unknown 'sulks' (known: fails, hangs)",
    "{hosts: {mac1: {rdma_broken: [9]}}}": "hosts.mac1.rdma_broken: there is no receptacle 9",
    "{hosts: {mac1: {user: root}}}": "hosts.mac1.user: 'root' is not a name for an ordinary user",
    "{hosts: {mac1: {clock: soon}}}": "hosts.mac1.clock: 'soon' is not a whole number of seconds (up to a year)",
    "{hosts: {mac1: {faults: [asleep]}}}": "hosts.mac1.faults: unknown 'asleep' (known: no-sudo, unreachable)",
    "{hosts: {mac1: {ports: {1: eth0}}}}": "hosts.mac1.ports.1: 'eth0' is not a device name like en2",
    "{hosts: {mac1: {ports: {1: en2, 2: en2}}}}": "hosts.mac1.ports: two receptacles have the same device",
    "{hosts: {mac1: {devices: {9: dock}}}}": "hosts.mac1.devices: there is no receptacle 9",
    "{hosts: {box1: {system: bsd}}}": "hosts.box1.system: unknown 'bsd' (known: macos, linux)",
    "{hosts: {box1: {system: linux, manager: me}}}": "hosts.box1.manager: unknown 'me'",
    "{hosts: {box1: {system: linux, rdma: true}}}": "hosts.box1: 'rdma' is not for a host whose system is linux",
    "{hosts: {mac1: {manager: udev}}}": "hosts.mac1: 'manager' is not for a host whose system is macos",
    "{hosts: {mac1: }, cables: 3}": "cables: must be a list",
    "{hosts: {mac1: }, cables: [[mac1:1]]}": "cables[0]: a cable has two ends",
    "{hosts: {mac1: }, cables: [[mac1, mac2]]}": "cables[0]: 'mac1' is not an end like mac1:2",
    "{hosts: {mac1: }, cables: [[mac1:1, mac9:1]]}": "cables[0]: there is no host 'mac9'",
    "{hosts: {mac1: , mac2: }, cables: [[mac1:7, mac2:1]]}": "cables[0]: mac1 has no receptacle 7 (it has 1, 2, 3)",
    "{hosts: {mac1: , mac2: }, cables: [[mac1:1, mac1:2]]}": "cables[0]: both ends are at mac1",
    "{hosts: {mac1: , mac2: }, cables: [[mac1:1, mac2:1], [mac2:1, mac1:2]]}": "mac2:1 is taken by cables[0]",
    "{hosts: {mac1: , mac2: }, cables: [{ends: [mac1:1, mac2:1], fault: rusty}]}": "cables[0].fault: unknown 'rusty'",
    "{hosts: {mac1: , mac2: }, cables: [{ends: [mac1:1, mac2:1], rate: fast}]}": "cables[0].rate: 'fast' is not a rate",
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_one_line_that_names_its_place(text: str) -> None:
    with pytest.raises(DescriptionError) as caught:
        parse_description(yaml.safe_load(text))
    assert MISTAKES[text] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("text", "said"), [("hosts: [", "line 2: not YAML"), (None, "No such file or directory")])
def test_a_file_that_cannot_be_read_is_one_line(tmp_path, capsys, text, said) -> None:
    path = tmp_path / "fleet.yml"
    if text is not None:
        path.write_text(text + "\n")
    assert main(["up", str(path), "--name", "never"]) in (2, 3)
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("fleet: ")
    if "needs" not in error:  # on a machine that can simulate
        assert said in error


@pytest.mark.parametrize("path", sorted(FLEETS.glob("*.yml")), ids=lambda path: path.stem)
def test_the_ready_files_are_right(path) -> None:
    description = read_description(path)
    assert len(description.hosts) >= 2
    joined = {frozenset(end[0] for end in cable.ends) for cable in description.cables}
    expected = {"mesh4": 6, "broken_mesh4": 5, "ring4": 4, "ring8": 8, "no_cables": 0}.get(path.stem, 1)
    assert len(joined) == expected


def test_a_host_takes_the_defaults_unless_it_says_otherwise() -> None:
    raw = yaml.safe_load("{defaults: {model: 'Mac15,14', rdma: false}, hosts: {mac1: , mac2: {rdma: true}}}")
    hosts = parse_description(raw).hosts
    assert (hosts["mac1"].model_id, hosts["mac1"].rdma) == ("Mac15,14", False)
    assert (hosts["mac2"].model_id, hosts["mac2"].rdma) == ("Mac15,14", True)
