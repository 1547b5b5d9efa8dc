# SPDX-License-Identifier: Apache-2.0
"""What an agent finds wrong with its host."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from boltloom_launcher.agent import preflight
from boltloom_launcher.agent.port_holder import holder


def test_a_directory_that_need_not_exist_falls_back_to_the_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert preflight.working_directory("/no/such", required=False) == (str(tmp_path), None)
    assert preflight.working_directory("/usr", required=False) == ("/usr", None)


def test_a_directory_that_was_asked_for_must_exist() -> None:
    _, problem = preflight.working_directory("/no/such", required=True)
    assert problem == "the working directory /no/such does not exist: make it, or give another --cwd"


def test_commands_are_looked_up_with_the_ranks_path_and_directory(tmp_path: Path) -> None:
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\n")
    env = {"PATH": str(tmp_path)}
    assert (
        preflight.command_problem("tool", "/", env) == "command not found: tool: give its path, or set PATH with --env"
    )
    tool.chmod(0o755)
    assert preflight.command_problem("tool", "/", env) is None
    assert preflight.command_problem("./tool", str(tmp_path), {}) is None
    assert preflight.command_problem(str(tool), "/", {}) is None
    assert preflight.command_problem("./tool", "/", {}) == "command not found: ./tool: give a path that exists there"
    tool.chmod(0o644)
    assert preflight.command_problem("./tool", str(tmp_path), {}) == (
        "permission denied: ./tool is not executable: chmod +x ./tool"
    )
    assert preflight.command_problem("tool", str(tmp_path), {"PATH": "/nowhere"}) == (
        "command not found: tool: it lies in the working directory, so write ./tool"
    )


def test_a_port_in_use_names_who_holds_it() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        assert holder(port) == f"{Path('/proc/self/comm').read_text().strip()} (pid {os.getpid()})"
        problem = preflight.port_problem("127.0.0.1", port, "choose another")
    assert problem is not None and f"(pid {os.getpid()}): end it, or choose another" in problem
    assert preflight.port_problem("127.0.0.1", port, "choose another") is None


def test_a_lingering_connection_is_not_somebody_who_holds_the_port() -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = listener.accept()
            accepted.close()  # we close first, so this end stays in TIME_WAIT
    assert preflight.port_problem("127.0.0.1", port, "x") is None


@pytest.mark.parametrize("address", ["203.0.113.7", "not-an-address"])
def test_an_address_of_somebody_else(address: str) -> None:
    assert preflight.port_problem(address, 5000, "x") == (
        f"{address} is not an address of this host: plug its cable in, or configure the fabric again"
    )


def test_free_ports_are_kept_until_they_are_given_back() -> None:
    ports, sockets = preflight.free_ports("127.0.0.1", 3)
    assert len(set(ports)) == 3
    for port in ports:
        with socket.socket() as other, pytest.raises(OSError):
            other.bind(("127.0.0.1", port))
    for each in sockets:
        each.close()
