# Copyright: The Boltloom authors
# GNU General Public License v3.0 or later (see LICENSES/GPL-3.0-or-later.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# This file is private to the collection: it may change in any release.
"""Values as people give them on the command line: ``-e name=value`` makes a text of everything."""

from __future__ import annotations

import json
from typing import Any, Tuple

from ansible_collections.boltloom.cluster.plugins.module_utils._fabric.errors import BoltloomError


class WrongValue(BoltloomError):
    """A variable holds what is not possible there."""


def as_texts(value: Any, name: str) -> Tuple[str, ...]:
    """A list of texts out of a list, a dictionary (NAME: VALUE), JSON, or texts with commas between them.

    :raises WrongValue: it is none of these.
    """
    if isinstance(value, str):
        value = _from_text(value, name)
    if value is None:
        return ()
    if isinstance(value, dict):
        return tuple("{0}={1}".format(key, _text(one, name)) for key, one in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(_text(one, name) for one in value)
    return (_text(value, name),)


def _from_text(text: str, name: str) -> Any:
    if text.lstrip().startswith(("[", "{")):
        try:
            return json.loads(text)
        except ValueError as error:
            raise WrongValue(
                "{0} is {1!r:.60}, which is not JSON ({2})".format(name, text, error),
                'write it as in -e \'{{"{0}": ["one", "two"]}}\''.format(name),
            ) from error
    return [part.strip() for part in text.split(",") if part.strip()]


def _text(value: Any, name: str) -> str:
    """A scalar as YAML writes it: true and not True."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, (dict, list, tuple)):
        raise WrongValue("{0} holds {1!r:.60}, which is not a text".format(name, value), "write a list of texts")
    return str(value)
