# SPDX-License-Identifier: Apache-2.0
"""The long campaign over all subjects, or one variant again (--subject, --seed and --only)."""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time

from .subjects import SUBJECTS, Subject
from .trial import Variant, fault_of, slow_growth

CHUNK = 2000
SOAK_LARGE = 300_000


def _chunk(task: tuple[int, int, int, int]) -> list[str]:
    """Faults of some variants of a subject; at most a few, because one mistake shows in many variants."""
    index, seed, begin, end = task
    faults = []
    for number in range(begin, end):
        fault = fault_of(Variant(SUBJECTS[index], seed, number))
        if fault:
            faults.append(fault)
        if len(faults) == 3:
            break
    return faults


def _campaign(subjects: list[Subject], seed: int, variants: int, growth: bool) -> list[str]:
    faults: list[str] = []
    with multiprocessing.get_context("spawn").Pool() as pool:
        for subject in subjects:
            index = SUBJECTS.index(subject)
            begin = time.monotonic()
            tasks = [(index, seed, at, min(at + CHUNK, variants)) for at in range(0, variants, CHUNK)]
            found = [fault for part in pool.imap_unordered(_chunk, tasks) for fault in part]
            found += slow_growth(subject, SOAK_LARGE // 10, SOAK_LARGE) if growth else ()
            print(f"{subject.name:<18}{variants:>9} variants {time.monotonic() - begin:8.1f} s  {len(found)} faults")
            for fault in found[:5]:
                print("  " + fault)
            sys.stdout.flush()
            faults += found
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m hostile", description=__doc__)
    parser.add_argument("--variants", type=int, default=1_000_000, help="of each subject (default: a million)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="names the variants (default: the time)")
    parser.add_argument("--subject", choices=[subject.name for subject in SUBJECTS], help="only this one")
    parser.add_argument("--no-growth", action="store_true", help="leave out the large inputs")
    parser.add_argument("--only", type=int, help="the number of one variant: print it, and what becomes of it")
    options = parser.parse_args()
    subjects = [subject for subject in SUBJECTS if options.subject in (None, subject.name)]
    print(f"seed {options.seed}")
    if options.only is not None:
        variant = Variant(subjects[0], options.seed, options.only)
        print(f"{variant.make()!r:.20000}\n{fault_of(variant) or 'no fault'}")
        return 0
    return 1 if _campaign(subjects, options.seed, options.variants, not options.no_growth) else 0
