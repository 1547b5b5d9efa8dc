# SPDX-License-Identifier: Apache-2.0
"""The hostfile against its golden vectors, against itself, and against MLX's own reader."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric import hostfile
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import HostfileError
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.hostfile import Host, Hostfile
from hypothesis import given
from hypothesis import strategies as st

VECTORS = Path(__file__).parents[5] / "contracts" / "hostfiles"
GOOD = sorted((VECTORS / "good").glob("*.json"))
BAD = sorted((VECTORS / "bad").glob("*.json"))


def test_there_are_vectors() -> None:
    assert len(GOOD) >= 4 and len(BAD) >= 20


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_a_good_file_means_what_its_vector_says(path: Path) -> None:
    vector = json.loads(path.read_text())
    parsed = hostfile.parse(json.dumps(vector["hostfile"]), path.name)
    assert {
        "backend": parsed.backend,
        "envs": list(parsed.envs),
        "boltloom": dict(parsed.boltloom),
        "hosts": [{"ssh": h.ssh, "ips": list(h.ips), "rdma": [list(d) for d in h.rdma]} for h in parsed.hosts],
    } == vector["means"]


@pytest.mark.parametrize("path", BAD, ids=lambda p: p.stem)
def test_a_bad_file_gets_its_one_line(path: Path) -> None:
    vector = json.loads(path.read_text())
    with pytest.raises(HostfileError) as caught:
        hostfile.parse(vector["text"], "fleet.json")
    assert caught.value.one_line() == vector["line"]
    assert "\n" not in vector["line"]
    assert vector["line"].startswith("fleet.json")


_octet = st.integers(1, 254)


@st.composite
def _hostfiles(draw: st.DrawFn) -> Hostfile:
    count = draw(st.integers(1, 4))
    device = st.lists(st.from_regex(r"rdma_en[0-9]", fullmatch=True), max_size=2, unique=True).map(tuple)
    hosts = []
    for i in range(count):
        rdma = tuple(() if i == j else draw(device) for j in range(count)) if draw(st.booleans()) else ()
        ips = tuple(f"10.{i}.{k}.{draw(_octet)}" for k in range(draw(st.integers(0, 3))))
        hosts.append(Host(f"mac{i}", ips, rdma))
    return Hostfile(
        tuple(hosts),
        draw(st.sampled_from(("", *hostfile.BACKENDS))),
        draw(st.lists(st.text(max_size=5).map(lambda v: "K=" + v.replace("\0", "")), max_size=2).map(tuple)),
        draw(st.dictionaries(st.text(max_size=3), st.integers() | st.text(max_size=3), max_size=2)),
    )


@given(_hostfiles())
def test_what_is_dumped_is_parsed_back_unchanged(value: Hostfile) -> None:
    assert hostfile.parse(hostfile.dump(value), "x") == value


def test_our_own_key_is_last_and_only_there_with_content() -> None:
    hosts = (Host("mac1", ("10.77.0.1",)),)
    assert list(json.loads(hostfile.dump(Hostfile(hosts)))) == ["backend", "envs", "hosts"]
    assert list(json.loads(hostfile.dump(Hostfile(hosts, boltloom={"plan": 1}))))[-1] == "boltloom"


def test_mlx_reads_what_we_write(tmp_path: Path) -> None:
    mlx = pytest.importorskip("mlx._distributed_utils.common")
    vector = json.loads((VECTORS / "good" / "jaccl_mesh.json").read_text())
    ours = hostfile.parse(json.dumps(vector["hostfile"]), "x")
    path = tmp_path / "hosts.json"
    path.write_text(hostfile.dump(Hostfile(ours.hosts, ours.backend, ours.envs, {"cables": []})))
    theirs = mlx.Hostfile.from_file(str(path))
    assert theirs.backend == "jaccl"
    assert theirs.envs == list(ours.envs)
    assert [h.rdma for h in theirs.hosts] == [
        [None, "rdma_en2", ["rdma_en3", "rdma_en4"]],
        ["rdma_en2", None, "rdma_en5"],
        [["rdma_en3", "rdma_en4"], "rdma_en5", None],
    ]


def test_keys_that_say_nothing_are_named() -> None:
    text = '{"hosts": [{"ssh": "a", "ips": [], "note": 1}], "owner": "me", "boltloom": {"x": 1}}'
    assert hostfile.parse(text, "f.json").unknown == ("f.json: 'owner'", "f.json: hosts[0]: 'note'")
