# SPDX-License-Identifier: Apache-2.0
"""MLX-LM, which most of our users run: the same text whatever the number of ranks, on one computer and across hosts."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fleet.fleet import Fleet
from fleet.pytest_plugin import BringUp
from launcher.running import BOLTLOOM, DEADLINE, free_port
from programs.tiny_model import write_model

pytestmark = [pytest.mark.slow, pytest.mark.minutes(1)]

ROOT = Path(__file__).parents[2]
GENERATE = ROOT / "examples/mlx_lm_generate.py"
PROMPT = "bama fake"
WORDS = "10"
ENVIRONMENT = {
    "PYTHONPATH": str(Path(__file__).parent / "no_torch"),
    "MLX_DISABLE_COMPILE": "1",  # on Linux each rank would run a C++ compiler
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
ENV = [word for name, value in ENVIRONMENT.items() for word in ("--env", f"{name}={value}")]
# What a chat client sends. In a process of its own, which may run on another host.
ASK = (
    "import json, sys, urllib.request\n"
    "request = urllib.request.Request(sys.argv[1], sys.argv[2].encode(), {'Content-Type': 'application/json'})\n"
    "print(json.load(urllib.request.urlopen(request, timeout=30))['choices'][0]['message']['content'])\n"
)


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    """The folder of the model, which every simulated Mac can read."""
    folder = Path(tempfile.mkdtemp(prefix="model-", dir=ROOT / ".build"))
    folder.chmod(0o755)
    write_model(folder)
    yield str(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def pair(bring_up: BringUp) -> Fleet:
    """Two Macs and a control node."""
    return bring_up("pair")


def here(*arguments: str, **options: object) -> subprocess.Popen[str]:
    """Start ``boltloom launch`` on this computer."""
    pipe = subprocess.PIPE
    argv = [*BOLTLOOM, "launch", *ENV, *arguments]
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def across(fleet: Fleet, *arguments: str) -> subprocess.Popen[str]:
    """Start it on the control node, with ranks on both Macs."""
    pipe = subprocess.PIPE
    argv = [*BOLTLOOM, "launch", "--hosts", "mac1,mac2", *ENV, *arguments]
    return fleet.popen("control", argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def said(process: subprocess.Popen[str], typed: str = "") -> str:
    """What it wrote, to its good end."""
    out, err = process.communicate(typed, timeout=DEADLINE * 2)
    assert process.returncode == 0, err
    return out


@pytest.fixture(scope="module")
def text(model: str) -> str:
    """What the model says in one rank, by MLX-LM's own command."""
    whole = said(here("-m", "mlx_lm", "generate", "--model", model, "--prompt", PROMPT, "--max-tokens", WORDS))
    words = whole.split("==========")[1].strip()
    assert len(words.split()) == int(WORDS)
    return words


def sharded(model: str, *options: str) -> list[str]:
    """The program that divides the model among all ranks."""
    return ["--", sys.executable, str(GENERATE), *options, *_model_options(model), "--prompt", PROMPT]


def _model_options(model: str) -> list[str]:
    return ["--model", model, "--max-tokens", WORDS]


@pytest.mark.parametrize(("ranks", "way"), [("2", ["--pipeline"]), ("4", [])])
def test_sharded_over_ranks_of_this_computer(model: str, text: str, ranks: str, way: list[str]) -> None:
    assert said(here("-n", ranks, *sharded(model, *way))) == text + "\n"


def test_chat_reads_what_is_typed_in_every_rank(model: str, text: str) -> None:
    out = said(
        here("-n", "2", "--only-rank", "0", "-m", "mlx_lm", "chat", *_model_options(model)),
        f"{PROMPT}\nr\n{PROMPT}\nq\n",
    )
    assert out.count(f"\n{text}\n") == 2 and "bye" in out


def test_server_answers_and_ends_with_ctrl_c(model: str, text: str) -> None:
    port = str(free_port())
    process = here("-n", "2", "--grace", "5", "-m", "mlx_lm", "server", "--port", port, *_model_options(model))
    _ask_and_end(
        process,
        text,
        lambda argv: subprocess.run([*argv, f"http://127.0.0.1:{port}{PATH}", BODY], **QUIETLY),
        lambda: process.send_signal(signal.SIGINT),
    )


@pytest.mark.fleet
class TestAcrossHosts:
    def test_sharded_over_four_ranks(self, pair: Fleet, model: str, text: str) -> None:
        assert said(across(pair, "-n", "2", *sharded(model, "--pipeline"))) == text + "\n"

    def test_chat(self, pair: Fleet, model: str, text: str) -> None:
        out = said(across(pair, "-m", "mlx_lm", "chat", *_model_options(model)), f"{PROMPT}\nq\n")
        assert f"\n{text}\n" in out and "bye" in out

    def test_server(self, pair: Fleet, model: str, text: str) -> None:
        process = across(
            pair,
            "--grace",
            "5",
            "-m",
            "mlx_lm",
            "server",
            "--host",
            "0.0.0.0",
            "--port",
            "8080",
            *_model_options(model),
        )
        url = f"http://{pair.addresses['mac1']}:8080{PATH}"
        launcher = ["pkill", "-INT", "-o", "-f", "boltloom_launcher launch"]
        _ask_and_end(
            process,
            text,
            lambda argv: pair.run("control", [*argv, url, BODY]),
            lambda: pair.run("control", launcher, check=True),
        )
        for mac in ("mac1", "mac2"):
            assert pair.run(mac, ["pgrep", "-f", "mlx_lm|zlib.decompress"], root=True).returncode == 1


PATH = "/v1/chat/completions"
BODY = json.dumps({"messages": [{"role": "user", "content": PROMPT}], "temperature": 0, "max_tokens": int(WORDS)})
QUIETLY = {"capture_output": True, "text": True, "timeout": DEADLINE, "stdin": subprocess.DEVNULL}


def _ask_and_end(
    process: subprocess.Popen[str],
    text: str,
    ask: Callable[[list[str]], subprocess.CompletedProcess[str]],
    interrupt: Callable[[], object],
) -> None:
    """The server says when it listens, answers, and is gone within the grace."""
    try:
        assert process.stderr is not None
        before = ""
        while "Starting httpd" not in before:
            line = process.stderr.readline()
            assert line, before
            before += line
        answer = ask([sys.executable, "-c", ASK])
        assert answer.stdout == text + "\n", answer.stderr
        interrupt()
        _, err = process.communicate(timeout=DEADLINE)
        assert process.returncode == 130
        assert err.rstrip().endswith("boltloom: interrupted by SIGINT; 2 ranks were ended")
    finally:
        process.kill()
        process.wait()
