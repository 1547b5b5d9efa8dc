# SPDX-License-Identifier: Apache-2.0
"""Whatever a host, a file or a person hands over: facts or a typed error, in time in proportion to its size.

``make soak`` tries a million variants of each subject; here are a few thousand.
"""

from __future__ import annotations

import os

import pytest
from hostile.subjects import SUBJECTS
from hostile.trial import Variant, fault_of, slow_growth

SEED = int(os.environ.get("BOLTLOOM_SEED", "5"))
VARIANTS = int(os.environ.get("BOLTLOOM_VARIANTS", "3000"))


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_every_variant_is_a_fact_or_a_typed_error(subject):
    print(f"seed {SEED}")  # shown when it fails; BOLTLOOM_SEED tries another
    assert subject.samples
    faults = [fault for fault in (fault_of(Variant(subject, SEED, number)) for number in range(VARIANTS)) if fault]
    assert not faults, f"{len(faults)} of {VARIANTS}, such as:\n" + "\n".join(faults[:5])


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_ten_times_the_input_takes_ten_times_the_time(subject):
    assert list(slow_growth(subject)) == []
