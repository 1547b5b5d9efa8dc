# SPDX-License-Identifier: Apache-2.0
"""Whatever a host, a file or a person hands over: facts or a typed error, in time in proportion to its size.

``make soak`` tries a million variants of each subject; here are two thousand.
"""

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import ParseError
from collection.interpreters import python
from hostile.subjects import REPOSITORY, SUBJECTS, Subject
from hostile.trial import Variant, fault_of, slow_growth

SEED = int(os.environ.get("BOLTLOOM_SEED", "5"))
pytestmark = [pytest.mark.slow, pytest.mark.minutes(3.5)]
VARIANTS = int(os.environ.get("BOLTLOOM_VARIANTS", "2000"))


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_every_variant_is_a_fact_or_a_typed_error(subject):
    print(f"seed {SEED}")  # shown when it fails; BOLTLOOM_SEED tries another
    assert subject.samples
    variants = VARIANTS // subject.cost
    faults = [fault for fault in (fault_of(Variant(subject, SEED, number)) for number in range(variants)) if fault]
    assert not faults, f"{len(faults)} of {variants}, such as:\n" + "\n".join(faults[:5])


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_ten_times_the_input_takes_ten_times_the_time(subject):
    assert list(slow_growth(subject)) == []


@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_the_pythons_of_targets_fare_no_worse(version):
    """plistlib, json and re are other ones there."""
    path = os.pathsep.join(map(str, (REPOSITORY / "tests", REPOSITORY / ".build")))
    done = subprocess.run(
        [python(version), "-m", "hostile", "--variants", "200", "--seed", str(SEED), "--no-growth"],
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout


def complain(words):
    raise ParseError(words)


def quadratic(text):
    found = ()
    for line in text.split("\n"):
        found += (line,)
    return len(found)


@pytest.mark.parametrize(
    "read, words",
    [
        (lambda text: int(text), "raised ValueError"),
        (lambda text: complain("two\nlines"), "complains with what is not one printable line"),
        (lambda text: complain("long " * 1000), "complains in 5000 characters"),
        (lambda text: "\ud800", "gave a value that cannot be: half a character"),
        (lambda text: 10**301, "gave a value that cannot be: a number"),
    ],
)
def test_a_reader_that_does_worse_is_found(read, words):
    assert words in fault_of(Variant(Subject("bad", read, "text", ("a line\n",)), SEED, 0))


def test_a_reader_that_takes_quadratic_time_is_found():
    subject = Subject("bad", quadratic, "text", ("a\nb\nc\n",))
    assert any("ms became" in fault for fault in slow_growth(subject, 5_000, 50_000))


def test_a_variant_can_be_made_again_and_differs_from_the_next():
    subject = SUBJECTS[0]
    again = [[Variant(subject, SEED, number).make() for number in range(50)] for _ in range(2)]
    assert again[0] == again[1]
    assert len(set(map(repr, again[0]))) > 40
