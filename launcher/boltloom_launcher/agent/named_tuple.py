# SPDX-License-Identifier: Apache-2.0
"""``typing.NamedTuple``, made in a tenth of the time: that of the library compiles each field's type and a function.

There are more than a hundred such classes between the start of the command and the start of the first rank.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:

    class _Maker(type):
        """Makes a class of tuples from the fields that a class body names."""

        def __new__(cls, name, bases, body):
            fields = tuple(body.get("__annotations__", ()))
            body["_defaults"] = {field: body[field] for field in fields if field in body}
            body["_fields"] = fields
            body["__slots__"] = ()
            body.update((field, property(itemgetter(place))) for place, field in enumerate(fields))
            return type.__new__(cls, name, bases or (tuple,), body)

        def __call__(cls, *values, **named):
            fields = cls._fields
            if named or len(values) != len(fields):
                values = cls._complete(values, named)
            return tuple.__new__(cls, values)

        def _complete(cls, values, named):
            """The values in the order of the fields, with those that have a default."""
            fields, given = cls._fields, len(values)
            if given > len(fields):
                raise TypeError(f"{cls.__name__} takes {len(fields)} values, not {given}")
            rest = {**cls._defaults, **named}
            try:
                values += tuple([rest[field] for field in fields[given:]])
            except KeyError as error:
                raise TypeError(f"{cls.__name__} lacks {error}") from None
            if not named.keys() <= set(fields[given:]):
                wrong = sorted(named.keys() - set(fields[given:]))
                raise TypeError(f"{cls.__name__} does not take {', '.join(wrong)}, or not twice")
            return values

    class NamedTuple(tuple, metaclass=_Maker):
        """A base class. One kind is never equal to another one with the same values."""

        def _replace(self, **changes: Any):
            return type(self)(**{**self._asdict(), **changes})

        def _asdict(self):
            return dict(zip(self._fields, self))

        def __repr__(self):
            return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

        def __eq__(self, other):
            return tuple.__eq__(self, other) if type(other) in (type(self), tuple) else NotImplemented

        def __ne__(self, other):
            return tuple.__ne__(self, other) if type(other) in (type(self), tuple) else NotImplemented

        __hash__ = tuple.__hash__

        def __reduce__(self):
            return type(self), tuple(self)
