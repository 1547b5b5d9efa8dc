# SPDX-License-Identifier: Apache-2.0
"""Hosts from a real Ansible inventory, read by the real ansible-inventory, reached through a real sshd."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from launcher.running import Launch, Sshd, err

pytestmark = pytest.mark.slow  # each run of ansible-inventory takes its seconds


def inventory(folder: Path, sshd: Sshd, *hosts: str) -> Path:
    path = folder / "inventory.yml"
    common = {"ansible_host": "127.0.0.1", "ansible_port": sshd.port, "ansible_ssh_common_args": f"-F {sshd.config}"}
    group = {"hosts": {host: common for host in hosts}}
    path.write_text(json.dumps({"all": {"children": {"boltloom": group, "other": {"hosts": {"printer": {}}}}}}))
    return path


def test_an_inventory_says_how_to_reach_its_hosts(launch: Launch, sshd: Sshd, tmp_path: Path) -> None:
    path = inventory(tmp_path, sshd, "mac1", "mac2")
    done = launch("-i", str(path), "--", "sh", "-c", "echo $RANK $BOLTLOOM_HOSTS")
    assert done.returncode == 0
    assert sorted(done.stdout.decode().splitlines()) == [f"{r} mac1=127.0.0.1;mac2=127.0.0.1" for r in range(2)]
    (note,) = err(done)
    assert note.endswith("so the ranks talk over Ethernet: run boltloom.cluster.configure for the cables")


def test_a_stdin_that_somebody_made_non_blocking(launch: Launch, sshd: Sshd, tmp_path: Path) -> None:
    """As mlx.launch leaves it to whoever comes next; Ansible refuses to run with one."""
    read_end, write_end = os.pipe()
    os.write(write_end, b"typed\n")
    os.close(write_end)
    os.set_blocking(read_end, False)
    done = launch("-i", str(inventory(tmp_path, sshd, "mac1")), "--", "cat", stdin=read_end)
    os.close(read_end)
    assert (done.returncode, done.stdout) == (0, b"typed\n"), err(done)


def test_the_hostfile_beside_the_inventory_is_taken(launch: Launch, sshd: Sshd, tmp_path: Path) -> None:
    path = inventory(tmp_path, sshd, "mac1", "mac2")
    hosts = [{"ssh": "mac2", "ips": ["127.0.0.2"]}, {"ssh": "mac1", "ips": ["127.0.0.1"]}]
    (tmp_path / "boltloom-hostfile.json").write_text(json.dumps({"backend": "ring", "envs": ["A=b"], "hosts": hosts}))
    done = launch("-i", str(path), "--", "sh", "-c", "echo $RANK $A $BOLTLOOM_HOSTS")
    assert err(done) == []
    assert sorted(done.stdout.decode().splitlines()) == [f"{r} b mac2=127.0.0.2;mac1=127.0.0.1" for r in range(2)]


def test_a_hostfile_for_other_hosts_is_not_taken(launch: Launch, sshd: Sshd, tmp_path: Path) -> None:
    path = inventory(tmp_path, sshd, "mac1", "mac2")
    (tmp_path / "boltloom-hostfile.json").write_text(json.dumps([{"ssh": "mac1", "ips": ["127.0.0.9"]}]))
    done = launch("-i", str(path), "--", "sh", "-c", "echo $BOLTLOOM_HOSTS")
    assert "is for other hosts than these" in err(done)[0]
    assert done.stdout.splitlines()[0] == b"mac1=127.0.0.1;mac2=127.0.0.1"


def test_some_hosts_of_an_inventory(launch: Launch, sshd: Sshd, tmp_path: Path) -> None:
    path = inventory(tmp_path, sshd, "mac1", "mac2")
    done = launch("-i", str(path), "--hosts", "mac2", "--", "sh", "-c", "echo $BOLTLOOM_HOSTS")
    assert done.stdout == b"mac2=127.0.0.1\n"
    done = launch("-i", str(path), "--hosts", "mac9", "true")
    assert (done.returncode, err(done)) == (2, [f"boltloom: unknown host 'mac9': {path} has mac1, mac2, printer"])


def test_an_inventory_that_is_none(launch: Launch, tmp_path: Path) -> None:
    path = tmp_path / "broken.yml"
    path.write_text("all:\n  hosts: [\n")
    done = launch("-i", str(path), "true")
    assert done.returncode == 2
    assert len(err(done)) == 1 and err(done)[0].startswith(f"boltloom: inventory {path} cannot be read: ")
    path.write_text("all:\n  hosts:\n")
    done = launch("-i", str(path), "true")
    assert (done.returncode, err(done)) == (
        2,
        [f"boltloom: inventory {path} has no hosts: list them, best in a group 'boltloom'"],
    )


def test_several_inventories_patterns_and_a_limit(launch: Launch, sshd: Sshd, tmp_path: Path) -> None:
    path = inventory(tmp_path, sshd, "mac1", "mac2", "spare")
    more = tmp_path / "more.yml"
    more.write_text("boltloom: {vars: {thunderbolt_net_hostfile: none.json}}\ndesk: {hosts: {mac2: }}\n")
    both = ("-i", str(path), "-i", str(more))

    def names(*arguments: str) -> list[str]:
        done = launch(*both, *arguments, "--", "sh", "-c", "echo $BOLTLOOM_HOSTS")
        assert done.returncode == 0, err(done)
        assert str(tmp_path / "none.json") in err(done)[0]
        return [entry.split("=")[0] for entry in done.stdout.decode().split("\n")[0].split(";")]

    assert names("--hosts", "mac*") == ["mac1", "mac2"]
    assert names("--limit", "!spare") == ["mac1", "mac2"]
    assert names("--hosts", "desk,spare") == ["mac2", "spare"]
    for arguments, words in {
        ("--hosts", "mac1,nobody"): "unknown host 'nobody': ",
        ("--limit", "!all"): "--limit !all leaves no host of ",
        ("--hosts", "x*"): "unknown host 'x*': ",
    }.items():
        done = launch(*both, *arguments, "--", "true")
        assert done.returncode == 2
        assert err(done)[0].startswith(f"boltloom: {words}")


def test_templates_and_vaults_are_rendered_by_ansible(launch: Launch, sshd: Sshd, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not so secret\n")
    vault = [str(Path(sys.executable).parent / "ansible-vault"), "encrypt_string", "--vault-password-file", str(secret)]
    made = subprocess.run(
        [*vault, "--name", "ansible_user", getpass.getuser()], capture_output=True, text=True, check=True
    )
    path = tmp_path / "inventory.yml"
    path.write_text(
        "all:\n  hosts:\n    far1:\n    far2:\n  vars:\n"
        '    place: "127.0.0.1"\n'
        '    ansible_host: "{{ place }}"\n'
        f'    ansible_port: "{{{{ {sshd.port} }}}}"\n'
        f"    ansible_ssh_common_args: \"-F {{{{ '{sshd.config}' }}}}\"\n"
        + "".join(f"    {line}\n" for line in made.stdout.splitlines())
    )
    env = {**os.environ, "ANSIBLE_VAULT_PASSWORD_FILE": str(secret)}
    done = launch("-i", str(path), "--", "sh", "-c", "echo ${SSH_CONNECTION:+by ssh} $RANK", env=env)
    assert done.returncode == 0, err(done)
    assert sorted(done.stdout.decode().splitlines()) == ["by ssh 0", "by ssh 1"]
    path.write_text('all:\n  hosts:\n    far1: {ansible_host: "{{ nowhere }}"}\n')
    done = launch("-i", str(path), "--", "true")
    assert done.returncode == 2
    (line,) = err(done)
    assert line.startswith(f"boltloom: {path}: the variables of far1 cannot be rendered")
    assert "'nowhere' is undefined" in line


def test_each_host_has_its_own_interpreter_directory_environment_and_ranks(
    launch: Launch, sshd: Sshd, tmp_path: Path
) -> None:
    path = inventory(tmp_path, sshd, "mac1", "mac2")
    content = json.loads(path.read_text())
    content["all"]["children"]["boltloom"]["hosts"]["mac2"] = {
        **content["all"]["children"]["boltloom"]["hosts"]["mac2"],
        "boltloom_python": "/usr/bin/python3",
        "boltloom_cwd": "/usr",
        "boltloom_env": {"NAME": "{{ inventory_hostname }}", "OTHER": 7},
        "boltloom_slots": 2,
    }
    path.write_text(json.dumps(content))
    (tmp_path / "show.py").write_text(
        "import os, sys; print(*map(os.environ.get, ('RANK', 'NAME', 'OTHER')), os.getcwd(), sys.executable)\n"
    )
    options = ("-i", str(path), "--env", "OTHER=8")
    done = launch(*options, str(tmp_path / "show.py"), cwd=tmp_path)
    assert done.returncode == 0, err(done)
    assert sorted(done.stdout.decode().splitlines()) == [
        f"0 None 8 {tmp_path} {sys.executable}",
        "1 mac2 8 /usr /usr/bin/python3",
        "2 mac2 8 /usr /usr/bin/python3",
    ]
    done = launch(*options, "-n", "1", "--cwd", "/", "--python", sys.executable, str(tmp_path / "show.py"))
    assert sorted(done.stdout.decode().splitlines()) == [
        f"{rank} {name} 8 / {sys.executable}" for rank, name in ((0, None), (1, "mac2"))
    ]


def test_what_ansible_cfg_and_its_variables_say_of_ssh_holds_for_us_too(
    launch: Launch, sshd: Sshd, tmp_path: Path
) -> None:
    """With a master that Ansible would make, and that would end with us."""
    (tmp_path / "ansible.cfg").write_text(
        f"[defaults]\nremote_port = {sshd.port}\nremote_user = {getpass.getuser()}\n"
        f"[ssh_connection]\nssh_args = -F {sshd.config} -o ControlMaster=auto -o ControlPath={tmp_path}/master\n"
    )
    (tmp_path / "inventory.yml").write_text("all: {hosts: {far1: {ansible_host: far1}, far2: }}\n")
    script = "echo $RANK ${SSH_CONNECTION##* }"
    done = launch("-i", "inventory.yml", "--", "sh", "-c", script, cwd=tmp_path)
    assert done.returncode == 0, err(done)
    assert sorted(done.stdout.decode().splitlines()) == [f"{rank} {sshd.port}" for rank in range(2)]
    assert not (tmp_path / "master").exists()
    env = {**os.environ, "ANSIBLE_REMOTE_USER": "nobody-of-this-name"}
    done = launch("-i", "inventory.yml", "--", "true", cwd=tmp_path, env=env)
    assert done.returncode == 3
    assert "nobody-of-this-name@127.0.0.1: Permission denied" in err(done)[-1]


def test_an_inventory_that_a_plugin_makes_of_a_hostfile(launch: Launch, sshd: Sshd, tmp_path: Path) -> None:
    """What a plugin gives, ansible-core 2.19 marks as no template: the launcher takes the value itself."""
    hosts = [{"ssh": "far2", "ips": ["127.0.0.2"]}, {"ssh": "far1", "ips": ["127.0.0.1"]}]
    (tmp_path / "ring.json").write_text(json.dumps({"backend": "ring", "hosts": hosts}))
    config = {"ansible_ssh_common_args": f"'-F {sshd.config}'"}
    path = tmp_path / "fabric.yml"
    path.write_text(
        f"plugin: boltloom.cluster.hostfile\nhostfile: ring.json\ncompose: {json.dumps(config)}\n", encoding="utf-8"
    )
    done = launch("-i", str(path), "--", "sh", "-c", "echo $RANK $BOLTLOOM_HOSTS")
    assert done.returncode == 0, err(done)
    assert sorted(line.split()[0] for line in done.stdout.decode().splitlines()) == ["0", "1"]
    assert b"far2=" in done.stdout.splitlines()[0]
