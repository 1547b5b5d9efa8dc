# SPDX-License-Identifier: Apache-2.0
"""The manifests fit Kubernetes' own schema, and themselves: names that have to be the same in two places are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

MANIFEST = Path(__file__).resolve().parents[2] / "examples/kubernetes/all-reduce.yml"
VERSIONS = ["1.28", "1.37"]


def documents() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(MANIFEST.read_text()))


@pytest.mark.parametrize("version", VERSIONS)
def test_they_fit_the_schema(version: str) -> None:
    for document in documents():
        kubernetes_validate.validate(document, version, strict=True)


def test_the_schema_finds_what_is_wrong() -> None:
    job = documents()[1]
    job["spec"]["completionmode"] = job["spec"].pop("completionMode")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, VERSIONS[-1], strict=True)


def test_the_ranks_find_each_other() -> None:
    service, job = documents()
    pod = job["spec"]["template"]["spec"]
    assert service["spec"]["selector"] == {"batch.kubernetes.io/job-name": job["metadata"]["name"]}
    assert service["spec"]["clusterIP"] == "None"
    assert pod["subdomain"] == service["metadata"]["name"]
    [container] = pod["containers"]
    size = container["command"][container["command"].index("--size") + 1]
    assert job["spec"]["completions"] == job["spec"]["parallelism"] == int(size)
    assert (MANIFEST.parents[2] / container["args"][1]).exists()
