# SPDX-License-Identifier: Apache-2.0
"""The few Linux system calls that Python 3.11 has no name for. Standard library only: runs as `python -IS`."""

import ctypes
import os

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 2

PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    _check(_libc.unshare(flags), "unshare")


def setns(fd: int, flags: int) -> None:
    _check(_libc.setns(fd, flags), "setns")


def die_with_parent(signal_number: int) -> None:
    """Have the kernel send us ``signal_number`` when the process that forked us ends, however it ends."""
    _check(_libc.prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0), "prctl")


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    result = _libc.mount(
        source.encode(), target.encode(), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None
    )
    _check(result, f"mount {kind or 'bind'} {source} on {target}")


def unmount(target: str) -> None:
    _check(_libc.umount2(target.encode(), MNT_DETACH), f"umount {target}")


def make_mounts_private() -> None:
    """What we mount from here on stays ours, and what others mount stays theirs."""
    mount("none", "/", flags=MS_REC | MS_PRIVATE)


def bind(source: str, target: str, read_only: bool = False) -> None:
    """Show a folder or file at another place, and nothing of the restrictions of the place that it comes from: /run is
    often mounted noexec, and a Mac's home is not."""
    mount(source, target, flags=MS_BIND | MS_REC)
    mount("none", target, flags=MS_REMOUNT | MS_BIND | (MS_RDONLY if read_only else 0))


def change_root(new_root: str) -> None:
    """Make ``new_root`` (a mount point) the root of this mount namespace and let go of the old one."""
    os.chdir(new_root)
    _check(_libc.pivot_root(b".", b"."), "pivot_root")
    _check(_libc.umount2(b".", MNT_DETACH), "umount of the old root")
    os.chdir("/")
