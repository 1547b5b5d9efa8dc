# SPDX-License-Identifier: Apache-2.0
"""Reads as much of a Mach-O file as a test needs: which processor it is for, and which functions it exports."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC_64 = 0xFEEDFACF
ARM64 = 0x0100000C
EXECUTABLE, SHARED_LIBRARY = 2, 6  # file types
LC_SYMTAB = 2
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


def read(path: Path) -> MachO:
    """Raises struct.error for a file that is too short to be one."""
    data = path.read_bytes()
    magic, processor, _, file_type, commands, *_ = HEADER.unpack_from(data)
    exports: set[str] = set()
    offset = HEADER.size
    for _ in range(commands if magic == MAGIC_64 else 0):
        command, size = COMMAND.unpack_from(data, offset)
        if command == LC_SYMTAB:
            exports |= _exports(data, *SYMTAB.unpack_from(data, offset + COMMAND.size))
        offset += size
    return MachO(magic, processor, file_type, frozenset(exports))


def _exports(data: bytes, symbols: int, count: int, strings: int, _size: int) -> set[str]:
    names = set()
    for index in range(count):
        name, kind, *_ = SYMBOL.unpack_from(data, symbols + index * SYMBOL.size)
        if kind & EXTERNAL and not kind & DEBUG and kind & TYPE != UNDEFINED:
            start = strings + name
            names.add(data[start : data.index(b"\0", start)].decode())
    return names
