# SPDX-License-Identifier: Apache-2.0
"""Two Linux hosts on which a step fails, or whose ports leave the fabric."""

from __future__ import annotations

import re

import pytest
from collection.linux_hosts import addresses, files, state, within

pytestmark = [pytest.mark.fleet, pytest.mark.minutes(2)]
FLEET = """
hosts:
  box1: {system: linux, manager: networkmanager}
  box2: {system: linux, manager: networkd}
cables:
  - [box1:1, box2:2]
"""
PROGRAMS = {"box1": ("nmcli", "--wait"), "box2": ("networkctl", "reconfigure")}


@pytest.fixture
def spoil(rack):
    """Makes the manager's command fail at its last step on a host until the test is over."""
    spoilt = []

    def as_root(host, script):
        rack.fleet.run(host, ["/bin/sh", "-ec", script], root=True, check=True)

    def spoiled(host):
        program, word = PROGRAMS[host]
        spoilt.append(host)
        as_root(
            host,
            f"""
            mkdir -p /tmp/real
            cp /usr/bin/{program} /tmp/real/{program}
            cat >/tmp/{program} <<'END'
#!/bin/sh
[ "$1" = {word} ] && echo "no, not today" >&2 && exit 4
exec /tmp/real/{program} "$@"
END
            chmod 755 /tmp/{program}
            mount --bind /tmp/{program} /usr/bin/{program}
            """,
        )

    yield spoiled
    for host in spoilt:
        as_root(host, f"umount -l /usr/bin/{PROGRAMS[host][0]}")


def without_journal(seen):
    """Our own folder may keep empty files; what counts is what a manager reads, and what is in force."""
    interfaces, kept, *others = seen
    return interfaces, {name: digest for name, digest in kept.items() if "/var/lib/boltloom" not in name}, others


@pytest.mark.parametrize("host", PROGRAMS)
def test_a_step_that_fails_is_named_and_everything_before_it_is_undone(rack, spoil, host):
    before = without_journal(state(rack, host))
    spoil(host)
    played = rack.play("configure", fails=True)
    assert re.search(rf"fatal: \[{host}\]: .*could not put /etc/\S+ in force on thunderbolt0", played.flat)
    assert "no, not today" in played.flat and "everything done before it on this host was undone" in played.flat
    within(10, lambda: without_journal(state(rack, host)) == before)
    assert rack.hostfile is None


def test_the_next_run_succeeds(rack):
    rack.play("configure")
    assert rack.play("configure").changed() == 0


def test_a_manager_s_command_that_hangs_is_an_error_with_its_name(rack):
    """A bus that does not answer: nmcli would wait for it."""
    script = "pkill -STOP -x NetworkManager; trap 'pkill -CONT -x NetworkManager' EXIT; sleep 100"
    with rack.fleet.popen("box1", ["/bin/sh", "-c", script], root=True) as stopper:
        try:
            played = rack.play("probe", fails=True)
        finally:
            stopper.terminate()
            rack.on("box1", "/usr/bin/pkill", "-CONT", "-x", "NetworkManager")
    assert re.search(r"\[box1\].*nmcli .* did not end within", played.flat)


def test_restore_leaves_no_file_of_ours(rack):
    rack.play("restore")
    for host in rack.hosts:
        assert not [name for name in files(rack, host) if "boltloom-thunderbolt" in name]
        within(10, lambda h=host: not any(addresses(rack, h).values()))
