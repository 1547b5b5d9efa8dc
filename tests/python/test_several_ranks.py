# SPDX-License-Identifier: Apache-2.0
"""Several ranks as real processes over loopback: right results for every kind of array, and who is who."""

from __future__ import annotations

import json
import subprocess

import pytest
from python.ranks import CONTRACT, environments, program, results, started

pytestmark = pytest.mark.slow

SUMS = """
    import json, sys
    import boltloom

    def numpy_array(values, dtype):
        import ml_dtypes, numpy
        return numpy.array(values, dtype=ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)

    def mlx_array(values, dtype):
        import mlx.core as mx
        return mx.array(values).astype(getattr(mx, dtype), stream=mx.cpu)

    def torch_tensor(values, dtype):
        import torch
        return torch.tensor(values).to(getattr(torch, dtype))

    make = {"numpy": numpy_array, "mlx": mlx_array, "torch": torch_tensor}["KIND"]
    dtypes = "float16 bfloat16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64".split()
    with boltloom.init() as group:
        found = {}
        for dtype in dtypes:
            mine = make([[group.rank, 1], [10 * group.rank, 3 - group.rank]], dtype)
            of = {op: group.all_reduce(mine, op).tolist() for op in ("sum", "min", "max")}
            found[dtype] = of | {"gather": group.all_gather(mine).tolist()}
        print(json.dumps(found))
"""


@pytest.mark.parametrize("kind", ["numpy", "mlx", pytest.param("torch", marks=pytest.mark.slow)])
def test_every_dtype_is_reduced_and_gathered(kind: str) -> None:
    right = {
        "sum": [[3, 3], [30, 6]],
        "min": [[0, 1], [0, 1]],
        "max": [[2, 1], [20, 3]],
        "gather": [[[rank, 1], [10 * rank, 3 - rank]] for rank in range(3)],
    }
    for found in results(SUMS.replace("KIND", kind), size=3):
        assert len(found) == 12
        for dtype, values in found.items():
            assert values == right, dtype


def test_bool_is_or_and_and() -> None:
    source = """
        import json, boltloom, numpy
        with boltloom.init() as group:
            mine = numpy.array([group.rank == 0, True, False])
            print(json.dumps([group.all_reduce(mine, op).tolist() for op in ("sum", "max", "min")]))
    """
    assert results(source, size=2) == [[[True, True, False], [True, True, False], [False, True, False]]] * 2


@pytest.mark.parametrize("size", [2, 3, 4])
def test_large_arrays_in_place(size: int) -> None:
    """More than one segment, and a number of elements that no number of ranks divides."""
    source = """
        import json, boltloom, numpy
        with boltloom.init() as group:
            x = numpy.arange(1_000_003, dtype=numpy.float64) * (group.rank + 1)
            same = group.all_reduce(x, out=x) is x
            right = numpy.arange(1_000_003, dtype=numpy.float64) * sum(range(1, group.size + 1))
            print(json.dumps([same, bool((x == right).all())]))
    """
    assert results(source, size=size) == [[True, True]] * size


def test_send_and_receive_around_the_ring() -> None:
    """Everybody sends first and receives then: large enough that no socket buffer holds it."""
    source = """
        import json, boltloom, numpy
        with boltloom.init() as group:
            mine = numpy.full((1000, 1000), group.rank, dtype=numpy.int32)
            group.send(mine, (group.rank + 1) % group.size)
            left = (group.rank - 1) % group.size
            got = group.recv(mine, left)
            print(json.dumps([got.shape, bool((got == left).all()), bool((mine == group.rank).all())]))
    """
    assert results(source, size=3) == [[[1000, 1000], True, True]] * 3


def test_receive_in_place() -> None:
    source = """
        import json, boltloom
        with boltloom.init() as group:
            word = bytearray(b"hello" if group.rank == 0 else b".....")
            group.send(word, 1) if group.rank == 0 else group.recv(word, 0, out=word)
            print(json.dumps(word.decode()))
    """
    assert results(source, size=2) == ["hello", "hello"]


def test_empty_arrays_are_allowed_everywhere() -> None:
    source = """
        import json, boltloom, numpy
        with boltloom.init() as group:
            nothing = numpy.zeros((0, 3))
            group.send(nothing, 1) if group.rank == 0 else group.recv(nothing, 0)
            print(json.dumps([group.all_reduce(nothing).shape, group.all_gather(nothing).shape]))
    """
    assert results(source, size=2) == [[[0, 3], [2, 0, 3]]] * 2


def test_who_is_who() -> None:
    source = """
        import json, boltloom
        with boltloom.init() as group:
            print(json.dumps([group.rank, group.size, group.local_rank, group.local_size, group.backend, group.hosts]))
    """
    assert results(source, size=3) == [[rank, 3, 0, 1, "ring", ["mac0", "mac1", "mac2"]] for rank in range(3)]


def test_the_environment_is_the_contract() -> None:
    """These tests start ranks with the variables that the contract names, no more and no less."""
    names = set(json.loads(CONTRACT.read_text())["ranks"][0]["env"])
    assert all(set(environment) == names for environment in environments(2))


def test_a_barrier_waits_for_all_and_lets_other_threads_run() -> None:
    """Rank 0 is inside the barrier while rank 1 waits for the test; rank 0's thread goes on printing meanwhile."""
    source = """
        import sys, threading, boltloom
        group = boltloom.init()
        if group.rank == 1:
            sys.stdin.readline()
        else:
            def work():
                for line in sys.stdin:
                    print("still here", flush=True)
            threading.Thread(target=work, daemon=True).start()
        print("enters", flush=True)
        group.barrier()
        print("left", flush=True)
        group.close()
    """
    with started(program(source), 2) as (waits, late):
        assert waits.line() == "enters"
        for _ in range(3):
            waits.say("are you there?")
            assert waits.line() == "still here"
        late.say("go")
        assert [late.line(), late.line(), waits.line()] == ["enters", "left", "left"]
        assert [waits.end()[0], late.end()[0]] == [0, 0]


def test_a_program_that_forgets_to_close_ends_quietly() -> None:
    source = """
        import boltloom
        group = boltloom.init()
        group.barrier()
    """
    with started(program(source), 2, stderr=subprocess.STDOUT) as ranks:
        assert [rank.end() for rank in ranks] == [(0, ""), (0, "")]
