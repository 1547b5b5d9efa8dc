# SPDX-License-Identifier: Apache-2.0
"""Which kind of array an object is. A kind is imported when the first of its arrays arrives: nobody pays for PyTorch
who does not use it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from ..errors import InvalidArgument
from .memory import Kind

# The package that a type comes from, and the module here that knows its arrays.
_BY_PACKAGE = {
    "numpy": ("ndarray generic", "numpy_arrays"),
    "torch": ("Tensor", "torch_tensors"),
    "mlx": ("array", "mlx_arrays"),
}
_by_type: dict[type, Kind] = {}


def kind_of(array: Any) -> Kind:
    """The kind of `array`; InvalidArgument for what is no array at all."""
    kind = _by_type.get(type(array))
    if kind is None:
        kind = _by_type[type(array)] = _find(array)
    return kind


def _find(array: Any) -> Kind:
    module = next(filter(None, map(_module_of, type(array).__mro__)), None) or _module_by_protocol(array)
    # mypy does not take a module found at run time for a Protocol; each of them has the four functions.
    return cast(Kind, import_module(f"{__package__}.{module}"))


def _module_of(cls: type) -> str | None:
    names, module = _BY_PACKAGE.get(cls.__module__.partition(".")[0], ("", ""))
    return module if cls.__name__ in names.split() else None


def _module_by_protocol(array: Any) -> str:
    if hasattr(type(array), "__dlpack__"):
        return "dlpack_arrays"
    try:
        memoryview(array).release()
    except TypeError:
        raise InvalidArgument(
            f"{type(array).__name__} is not an array: pass a NumPy, MLX or PyTorch array, "
            "or anything with the buffer protocol or DLPack"
        ) from None
    return "buffers"
