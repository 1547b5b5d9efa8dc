# SPDX-License-Identifier: Apache-2.0
"""PyTorch tensors on the CPU. Gradients do not flow through a collective: results are detached."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.dlpack import to_dlpack  # type: ignore[attr-defined] # documented, not declared

from ..errors import InvalidArgument
from .memory import ITEMSIZE, Memory, checked_dtype, refuse_out

_DTYPE_NAMES = {getattr(torch, name): name for name in ITEMSIZE if hasattr(torch, name)}


def read(array: Any) -> Memory:
    _check_in_memory(array)
    return _memory(array.detach().resolve_neg().contiguous())


def write(array: Any) -> Memory:
    _check_in_memory(array)
    if not array.is_contiguous():
        raise refuse_out("the tensor is not contiguous")
    if array.is_inference() and not torch.is_inference_mode_enabled():
        raise refuse_out("the tensor was made in inference mode")
    memory = _memory(array.detach())
    # Autograd has to learn that the values changed, or backward() would use stale ones without a word.
    torch.autograd.graph.increment_version(array)
    return Memory(memory.exporter, memory.dtype, memory.shape, array)


def blank(like: Memory, shape: tuple[int, ...]) -> Memory:
    return _memory(torch.empty(shape, dtype=like.owner.dtype))


def result(like: Memory, filled: Memory) -> Any:
    return filled.owner


def _memory(tensor: Any) -> Memory:
    dtype = _DTYPE_NAMES.get(tensor.dtype) or checked_dtype(str(tensor.dtype))
    return Memory(to_dlpack(tensor), dtype, tuple(tensor.shape), tensor)


def _check_in_memory(tensor: Any) -> None:
    if tensor.device.type != "cpu":
        raise InvalidArgument(f"a tensor on {tensor.device} cannot be sent: move it with .cpu()")
    if tensor.layout != torch.strided:
        raise InvalidArgument(f"a tensor of layout {tensor.layout} cannot be sent: use .to_dense()")
