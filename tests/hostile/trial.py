# SPDX-License-Identifier: Apache-2.0
"""What a reader may do with a variant: give facts, or raise a BoltloomError that is one line; and soon."""

from __future__ import annotations

import gc
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import BoltloomError

from . import growth, mutations
from .subjects import Subject

SECONDS = 2.0  # of CPU for one variant: a hundred times what the slowest needs
LONGEST_LINE = 1000  # characters that a complaint may have
SMALL, LARGE = 8_000, 80_000  # characters
MOST_TIMES_SLOWER = 60.0  # for input ten times as large: linear is 10, quadratic 100
MEASURABLE = 0.02  # seconds that the large input must take before the ratio says anything

Fault = str


@dataclass(frozen=True)
class Variant:
    """What is needed to make the same variant again."""

    subject: Subject
    seed: int
    number: int

    def make(self) -> Any:
        rng = random.Random(f"{self.seed}/{self.subject.name}/{self.number}")
        samples = self.subject.samples
        sample = rng.choice(samples)
        if self.subject.kind == "text":
            return mutations.text_variant(rng, sample, list(samples))
        if self.subject.kind == "json":
            return mutations.json_variant(rng, sample, list(samples))
        if self.subject.kind == "bytes":
            return mutations.bytes_variant(rng, sample, list(samples))
        if self.subject.kind == "value":
            return mutations.value_variant(rng, sample)
        return mutations.raw_variant(rng, sample)

    def __str__(self) -> str:
        return f"python -m hostile --subject {self.subject.name!r} --seed {self.seed} --only {self.number}"


def fault_of(variant: Variant) -> Fault:
    """What is wrong with how the subject took it; "" for nothing."""
    made = variant.make()
    begin = time.process_time()
    fault = _fault(variant.subject, made)
    spent = time.process_time() - begin
    if not fault and spent > SECONDS:
        fault = f"took {spent:.1f} s"
    return f"{variant}\n  {fault}" if fault else ""


def _fault(subject: Subject, made: Any) -> Fault:
    try:
        result = subject.read(made)
    except BoltloomError as error:
        return _bad_line(error.one_line())
    except Exception as error:  # this is what we look for
        return f"raised {type(error).__name__}: {str(error)[:200]!r}"
    try:
        _check_values(result)
        subject.check(result)
    except AssertionError as error:
        return f"gave a value that cannot be: {str(error)[:300]}"
    except Exception as error:
        return f"gave what its check cannot take: {type(error).__name__}: {str(error)[:300]!r}"
    return ""


def _bad_line(line: str) -> Fault:
    if not line.isprintable():
        return f"complains with what is not one printable line: {line[:300]!r}"
    if len(line) > LONGEST_LINE:
        return f"complains in {len(line)} characters: {line[:100]!r}..."
    return ""


def _check_values(result: Any) -> None:
    """Whatever is read ends in JSON and on a screen: its strings have an encoding, its numbers an end."""
    waiting = [result]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            assert not any("\ud800" <= letter <= "\udfff" for letter in item), "half a character"
        elif isinstance(item, int):
            assert abs(item) < 10**300, "a number that not everybody can read"
        elif isinstance(item, dict):
            waiting.extend([*item, *item.values()])
        elif isinstance(item, (tuple, list)):
            waiting.extend(item)
        elif is_dataclass(item):
            waiting.extend(getattr(item, field.name) for field in fields(item))


def slow_growth(subject: Subject, small: int = SMALL, large: int = LARGE) -> Iterator[Fault]:
    """Each way of growing the first sample that costs more than its size explains."""
    for name, little, much in _grown(subject, small, large):
        slow = _seconds(subject, much)
        if slow < MEASURABLE:
            continue
        quick = min(_seconds(subject, little) for _ in range(3))
        slow = min(slow, _seconds(subject, much))
        if slow > MOST_TIMES_SLOWER * max(quick, MEASURABLE / 10):
            yield f"{subject.name}: {name}: {quick * 1000:.1f} ms became {slow * 1000:.1f} ms"


def _grown(subject: Subject, small: int, large: int) -> Iterator[tuple[str, Any, Any]]:
    sample = subject.samples[0]
    if subject.kind == "raw":
        for key in sorted(sample):
            if isinstance(sample[key], str):
                ways = list(_grown_text(sample[key], small, large))
                for name, little, much in ways[:: max(1, len(ways) // 6)]:  # each parser is tried in full by itself
                    yield f"{key}: {name}", {**sample, key: little}, {**sample, key: much}
    elif subject.kind == "value":
        yield from _pairs(sample, small, large)
    elif subject.kind == "bytes":
        for name, little, much in _grown_text(sample.decode(), small, large):
            yield name, little.encode(), much.encode()
    else:
        yield from _grown_text(sample, small, large)


def _grown_text(text: str, small: int, large: int) -> Iterator[tuple[str, str, str]]:
    if text.lstrip()[:1] in ("{", "[") and "\n{" not in text.rstrip():  # and not one value a line
        for name, little, much in _pairs(json.loads(text), small, large):
            yield name, json.dumps(little), json.dumps(much)
    for name, head, piece in growth.grown_texts(text):
        rest = text[len(head) :]
        few, many = max(1, small // len(piece)), max(10, large // len(piece))
        yield name, head + piece * few + rest, head + piece * many + rest


def _pairs(value: Any, small: int, large: int) -> Iterator[tuple[str, Any, Any]]:
    much = growth.grown_values(value, large // 10)
    for (name, little), (_name, more) in zip(growth.grown_values(value, small // 10), much):
        yield name, little, more


def _seconds(subject: Subject, made: Any) -> float:
    """Without the collector: how long it takes depends on all that the process holds, not on the reader."""
    collects = gc.isenabled()
    gc.disable()
    try:
        begin = time.process_time()
        _fault(subject, made)
        return time.process_time() - begin
    finally:
        if collects:
            gc.enable()
