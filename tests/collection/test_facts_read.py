# SPDX-License-Identifier: Apache-2.0
"""What a Mac's commands say, read through the real module over ssh: whole, and where a command or a name misleads."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from collection.conftest import BIN, SETTINGS
from fleet.mac.commands import PLACES

pytestmark = pytest.mark.fleet
FLEET = """\
defaults: {model: "Mac16,11"}
hosts:
  mac1:
  mac2: {bridge: false}
cables:
  - [mac1:1, mac2:1]
"""
REAL = "/private/var/tmp/real"
NETWORKSETUP = "/usr/sbin/networksetup"


def read(rack, host, module="thunderbolt_facts"):
    """What the module returns on the host."""
    argv = [str(BIN / "ansible"), "-i", str(rack.inventory), host, "-m", f"boltloom.cluster.{module}"]
    done = rack.fleet.run("control", argv, env=SETTINGS, timeout=120)
    assert "Traceback" not in done.stdout
    return json.loads(done.stdout.partition(" => ")[2])


def facts(rack, host):
    result = read(rack, host)
    assert "thunderbolt" in result, result
    return result["thunderbolt"]


@contextmanager
def printing(rack, host, command, script):
    """The command of the host prints something else meanwhile. All commands are one file, which its name steers."""
    file = "/.fleet/lib/command"
    rack.on(
        host,
        "/bin/sh",
        "-c",
        f"""mkdir -p {REAL} && cp {file} {REAL}/command && cd {REAL}
for name in {" ".join(PLACES)}; do ln -sf command $name; done
cat > {REAL}/impostor <<'END'
#!/bin/sh
name=$(basename "$0")
if [ "$name" = {command} ]; then
{script}
exit
fi
exec {REAL}/"$name" "$@"
END
chmod 755 {REAL}/*""",
    )
    rack.on(host, "/bin/mount", "--bind", f"{REAL}/impostor", file)
    try:
        yield
    finally:
        rack.on(host, "/bin/umount", file)


@contextmanager
def service(rack, host, name, port):
    rack.on(host, NETWORKSETUP, "-createnetworkservice", name, port)
    try:
        yield
    finally:
        rack.on(host, NETWORKSETUP, "-setnetworkserviceenabled", name, "off")
        rack.on(host, NETWORKSETUP, "-renamenetworkservice", name, f"was on {port} {len(name)}")


def test_how_a_mac_is_kept(rack):
    found = facts(rack, "mac1")
    assert (found["location"], found["firewall"], found["sleeps_after_minutes"]) == ("Automatic", "off", 0)
    assert found["memory_bytes"] > 1 << 33 and found["wired_limit_mb"] == 0
    assert len(found["boot"]) == 36 and found["boot"] != facts(rack, "mac2")["boot"]
    assert found["foreign"] == [] and found["warnings"] == []


def test_a_reboot_is_a_new_boot(rack):
    before = facts(rack, "mac2")["boot"]
    rack.fleet.reboot("mac2")
    assert facts(rack, "mac2")["boot"] != before


def test_a_service_with_a_line_separator_and_an_error_in_its_name_is_read_whole(rack):
    with service(rack, "mac2", "NAS\u2028link ** Error: none", "Thunderbolt 2"):
        rack.on(
            "mac2",
            NETWORKSETUP,
            "-setmanual",
            "NAS\u2028link ** Error: none",
            "192.168.50.1",
            "255.255.255.0",
            "192.168.50.254",
        )
        port = facts(rack, "mac2")["ports"][1]
        assert port["service"] == port["services"][0]
        assert port["service"]["name"] == "NAS\u2028link ** Error: none"
        assert (port["service"]["netmask"], port["service"]["router"]) == ("255.255.255.0", "192.168.50.254")
        assert port["service"]["ipv6"] == "automatic"


def test_a_name_with_a_line_break_is_refused_by_name(rack):
    with service(rack, "mac2", "Ethernet\nx", "Thunderbolt 3"):
        words = read(rack, "mac2")["msg"]
    assert r"the service 'Ethernet\nx' on Thunderbolt 3 (en" in words and "\n" not in words
    assert "rename it" in words


def test_a_command_that_fails_costs_its_own_facts(rack):
    with printing(rack, "mac1", "netstat", "echo 'netstat: kvm not available' >&2; exit 1"):
        found = facts(rack, "mac1")
    assert found["routes"] == [] and len(found["ports"]) == 3
    assert "/usr/sbin/netstat -rn failed: netstat: kvm not available" in found["warnings"]


def test_sw_vers_without_a_version_is_named(rack):
    with printing(
        rack,
        "mac1",
        "sw_vers",
        r"printf 'ProductName:\t\tmacOS\nProductVersion:\t\t\nBuildVersion:\t\t25D125\n'",
    ):
        found = facts(rack, "mac1")
    assert found["os_version"] == ""
    assert [words for words in found["warnings"] if words.startswith("sw_vers: no ProductVersion")]


def test_an_empty_report_contradicts_the_list_of_ports(rack):
    with printing(rack, "mac1", "system_profiler", """echo '{"SPThunderboltDataType" : []}'"""):
        words = read(rack, "mac1")["msg"]
    assert "system_profiler reports no Thunderbolt port, but networksetup lists Thunderbolt 1 (en2)" in words


def test_a_command_that_prints_for_ever_is_ended_and_named(rack):
    with printing(rack, "mac1", "system_profiler", "yes"):
        words = read(rack, "mac1")["msg"]
    assert "system_profiler SPThunderboltDataType -json printed more than 16 MiB" in words


def test_exo_is_noticed(rack):
    rack.on("mac1", "/bin/mkdir", "-p", "/Library/LaunchDaemons")
    rack.on("mac1", "/usr/bin/touch", "/Library/LaunchDaemons/io.exo.networksetup.plist")
    with service(rack, "mac1", "EXO Thunderbolt 3", "Thunderbolt 3"):
        found = facts(rack, "mac1")
    assert found["foreign"] == [
        "exo: /Library/LaunchDaemons/io.exo.networksetup.plist",
        "exo: the network service 'EXO Thunderbolt 3'",
    ]


def test_a_mask_with_holes_on_a_port_that_nobody_wants_stops_nobody(rack):
    file = "/Library/Preferences/SystemConfiguration/preferences.plist"
    with service(rack, "mac2", "NAS", "Thunderbolt 2"):
        rack.on("mac2", NETWORKSETUP, "-setmanual", "NAS", "192.168.50.1", "255.255.254.0", "")
        rack.on("mac2", "/bin/sed", "-i", "s/255.255.254.0/255.0.255.0/", file)
        played = rack.play("probe")
        rack.on("mac2", "/bin/sed", "-i", "s/255.0.255.0/255.255.254.0/", file)
    assert (
        "mac2: service 'NAS' on Thunderbolt 2 (en3): the subnet mask 255.0.255.0 is none; type: "
        "sudo networksetup -setmanual 'NAS' 192.168.50.1 MASK, or sudo networksetup -setdhcp 'NAS'"
    ) in played.flat
