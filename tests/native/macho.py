# SPDX-License-Identifier: Apache-2.0
"""Reads as much of a Mach-O file as a test needs: its processor, what it exports, what it leaves to others to find."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAGIC_64 = 0xFEEDFACF
ARM64 = 0x0100000C
EXECUTABLE, SHARED_LIBRARY = 2, 6  # file types
LC_SYMTAB = 2
NO_LIBRARY = (0, 0xFE)  # in place of its number; zig writes the first, Apple the second
UNDEFINED, EXTERNAL, DEBUG, TYPE = 0x00, 0x01, 0xE0, 0x0E  # of a symbol's type byte: two masks around two values

HEADER = struct.Struct("<IiiIIIII")
COMMAND = struct.Struct("<II")
SYMTAB = struct.Struct("<IIII")
SYMBOL = struct.Struct("<IBBHQ")


@dataclass(frozen=True)
class MachO:
    """One file: its magic number, processor, type, and the names that it defines for others."""

    magic: int
    processor: int
    file_type: int
    exports: frozenset[str]
    open: frozenset[str] = frozenset()  # names that no library was linked for


def read(path: Path) -> MachO:
    """Raises struct.error for a file that is too short to be one."""
    data = path.read_bytes()
    magic, processor, _, file_type, commands, *_ = HEADER.unpack_from(data)
    exports: set[str] = set()
    left_open: set[str] = set()
    offset = HEADER.size
    for _ in range(commands if magic == MAGIC_64 else 0):
        command, size = COMMAND.unpack_from(data, offset)
        if command == LC_SYMTAB:
            for name, defined, library in _names(data, *SYMTAB.unpack_from(data, offset + COMMAND.size)):
                if defined:
                    exports.add(name)
                elif library in NO_LIBRARY:
                    left_open.add(name)
        offset += size
    return MachO(magic, processor, file_type, frozenset(exports), frozenset(left_open))


def _names(data: bytes, symbols: int, count: int, strings: int, _size: int) -> Iterator[tuple[str, bool, int]]:
    """The name, whether it is defined here, and the number of the library where it is not."""
    for index in range(count):
        name, kind, _, description, _ = SYMBOL.unpack_from(data, symbols + index * SYMBOL.size)
        if kind & EXTERNAL and not kind & DEBUG:
            start = strings + name
            text = data[start : data.index(b"\0", start)].decode()
            yield text, kind & TYPE != UNDEFINED, description >> 8 & 0xFF
