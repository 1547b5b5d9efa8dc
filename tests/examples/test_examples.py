# SPDX-License-Identifier: Apache-2.0
"""The programs that users start from work: alone, as several ranks, and under the launchers of their own libraries."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from python.ranks import free_port, started

pytestmark = pytest.mark.minutes(2)

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
RIGHT = re.compile(r"^rank (\d+) on (\S+): .*\b(\d+) ok$", re.MULTILINE)  # what the demo looks for as well
OURS = ["all_reduce.py", "slow_sum.py"]


def _ranks_that_are_right(output: str) -> dict[int, tuple[str, int]]:
    """rank -> (host, sum), from what all ranks printed."""
    return {int(rank): (host, int(total)) for rank, host, total in RIGHT.findall(output)}


def _run_ranks(argv: list[str], size: int, **environment: str) -> str:
    with started(argv, size, **environment) as ranks:
        ends = [rank.end() for rank in ranks]
    assert [code for code, _ in ends] == [0] * size, ends
    return "".join(out for _, out in ends)


def test_all_reduce_checks_the_sum_and_measures() -> None:
    output = _run_ranks([sys.executable, str(EXAMPLES / "all_reduce.py"), "--sizes", "4K,1M", "--repeat", "3"], 4)
    assert _ranks_that_are_right(output) == {rank: (f"mac{rank}", 10) for rank in range(4)}
    rows = re.findall(r"^ *([\d,]+) bytes +([\d,]+) us +([\d.]+) GB/s$", output, re.MULTILINE)
    assert [size for size, _, _ in rows] == ["4,096", "1,048,576"]
    for size, micros, bandwidth in rows:
        moved = 2 * 3 / 4 * float(size.replace(",", ""))
        assert moved / (float(micros.replace(",", "")) * 1e3) == pytest.approx(float(bandwidth), rel=0.05, abs=0.001)


@pytest.mark.parametrize("name", OURS)
def test_alone_it_is_a_group_of_one(name: str) -> None:
    more = ["--seconds", "0.1"] if name == "slow_sum.py" else ["--sizes", "4K", "--repeat", "1"]
    argv = [sys.executable, str(EXAMPLES / name), *more]
    done = subprocess.run(argv, env=_without_group(), text=True, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def _without_group() -> dict[str, str]:
    """An environment without any variable of ours: the ranks' own would make a group."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("BOLTLOOM_", "MLX_"))}


def test_slow_sum_says_who_died() -> None:
    argv = [sys.executable, str(EXAMPLES / "slow_sum.py"), "--seconds", "50"]
    with started(argv, 3, stderr=subprocess.STDOUT) as ranks:
        first = [rank.line() for rank in ranks]
        assert first == [f"rank {rank} on mac{rank} (pid {ranks[rank].process.pid}) sums now" for rank in range(3)]
        assert re.match(r"1 s: \d+ sums over 3 ranks", ranks[0].line())
        ranks[1].kill(signal.SIGKILL)
        for rank in (ranks[0], ranks[2]):
            code, output = rank.end()
            assert code == 1
            assert f"rank {rank.number} on mac{rank.number}:" in output
            assert "rank 1" in output and "mac1" in output and "Traceback" not in output


@pytest.mark.slow
def test_torch_program_is_unchanged() -> None:
    output = _run_ranks([sys.executable, str(EXAMPLES / "torch_all_reduce.py")], 2, GLOO_SOCKET_IFNAME="lo")
    assert {rank: total for rank, (_, total) in _ranks_that_are_right(output).items()} == {0: 3, 1: 3}


def test_mlx_program_is_unchanged(tmp_path: Path) -> None:
    hostfile = tmp_path / "hosts.json"
    hostfile.write_text(json.dumps([[f"127.0.0.1:{free_port()}"] for _ in range(3)]))
    output = _run_ranks([sys.executable, str(EXAMPLES / "mlx_all_sum.py")], 3, MLX_HOSTFILE=str(hostfile))
    assert {rank: total for rank, (_, total) in _ranks_that_are_right(output).items()} == {0: 6, 1: 6, 2: 6}


def test_mlx_program_runs_under_its_own_launcher(tmp_path: Path) -> None:
    launcher = str(Path(sys.executable).with_name("mlx.launch"))
    argv = [launcher, "-n", "2", "--starting-port", str(free_port()), "--", sys.executable]
    argv.append(str(EXAMPLES / "mlx_all_sum.py"))
    env = _without_group() | {"TMPDIR": str(tmp_path)}  # mlx.launch leaves its hostfiles lying there
    null = subprocess.DEVNULL  # mlx.launch makes its stdin non-blocking and leaves it so
    done = subprocess.run(argv, env=env, stdin=null, text=True, capture_output=True, timeout=100, check=False)
    assert sorted(_ranks_that_are_right(done.stdout)) == [0, 1], done.stdout + done.stderr


@pytest.fixture(scope="module")
def beside_the_sources() -> Path:
    """The compiled examples, built with the library's sources; only what changed is built again."""
    return _build(ROOT / ".build/examples")


class TestCompiled:
    """The C and C++ programs, and both ways in which a build finds the library."""

    pytestmark = pytest.mark.slow

    @pytest.mark.parametrize("name", ["all_reduce_c", "all_reduce_cpp"])
    def test_ranks_sum(self, beside_the_sources: Path, name: str) -> None:
        output = _run_ranks([str(beside_the_sources / name)], 3)
        assert _ranks_that_are_right(output) == {rank: (f"mac{rank}", 6) for rank in range(3)}

    @pytest.mark.parametrize("name", ["all_reduce_c", "all_reduce_cpp"])
    def test_errors_are_one_line(self, beside_the_sources: Path, name: str) -> None:
        environment = _without_group() | {"BOLTLOOM_RANK": "0"}
        argv = [str(beside_the_sources / name)]
        done = subprocess.run(argv, env=environment, text=True, capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (1, "")
        assert "BOLTLOOM_WORLD_SIZE" in done.stderr and done.stderr.count("\n") == 1

    def test_installed_library_is_found(self, beside_the_sources: Path, tmp_path: Path) -> None:
        prefix = tmp_path / "prefix"
        _run(["cmake", "--install", str(beside_the_sources / "boltloom"), "--prefix", str(prefix)])
        build = _build(tmp_path / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
        assert not (build / "boltloom").exists()  # it took the installed one
        assert "1 ok" in _run([str(build / "all_reduce_c")])


def _build(folder: Path, *options: str) -> Path:
    _run(["cmake", "-G", "Ninja", "-S", str(EXAMPLES), "-B", str(folder), *options])
    _run(["cmake", "--build", str(folder), "-j", "2"])
    return folder


def _run(argv: list[str]) -> str:
    done = subprocess.run(argv, env=_without_group(), text=True, capture_output=True, timeout=280, check=False)
    assert done.returncode == 0, f"{argv}\n{done.stdout[-6000:]}\n{done.stderr[-2000:]}"
    return done.stdout
