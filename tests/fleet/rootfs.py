# SPDX-License-Identifier: Apache-2.0
"""What a simulated host sees as its file system. Runs as process 1 of the host, in a mount namespace of its own.

A Mac gets a new root: Debian's programs are there (a shell, ssh, sudo, Python), the Mac's commands lie over them, and
/Users, /Library, /private/etc and /private/var come from the host's own disk folder, which outlives a reboot.
The control node keeps the caller's file system; only its name resolution and its home are its own.
"""

import os
import stat
from typing import Any

import kernel

_DEBIAN_ETC = ("alternatives", "ld.so.conf.d", "openmpi", "security", "terminfo")
_TOP_LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
_DEVICE_LINKS = {
    "ptmx": "pts/ptmx",
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}


def build_control(config: dict[str, Any]) -> None:
    """The caller's own file system with another /etc/hosts, /etc/passwd (ssh finds its home there) and so on."""
    kernel.make_mounts_private()
    for path, replacement in config["replaced"].items():
        if not os.path.exists(path):
            continue  # nothing to hide
        kernel.bind(replacement, os.path.realpath(path))
    kernel.mount("proc", "/proc", "proc")
    kernel.mount("sysfs", "/sys", "sysfs")


def build_mac(config: dict[str, Any]) -> None:
    """Make the Mac's root and change into it."""
    kernel.make_mounts_private()
    root = config["mount_point"]
    kernel.mount("tmpfs", root, "tmpfs", options="mode=0755")
    _system(root, config)
    _disk(root, config["disk"])
    _devices(root + "/dev")
    os.mkdir(root + "/proc")
    kernel.mount("proc", root + "/proc", "proc")
    os.mkdir(root + "/sys")
    kernel.mount("sysfs", root + "/sys", "sysfs")
    for path in config["visible"]:  # the checkout and the interpreters, at the same path as outside
        _bind_folder(root, path, path)
    _simulator(root, config)
    kernel.change_root(root)


def build_linux(config: dict[str, Any]) -> None:
    """Make the Linux host's root and change into it: Debian's programs, and /etc, /var and /home of its own."""
    kernel.make_mounts_private()
    root = config["mount_point"]
    kernel.mount("tmpfs", root, "tmpfs", options="mode=0755")
    _programs(root, config)
    for name in ("etc", "var", "home", "root"):
        _bind_folder(root, f"{config['disk']}/{name}", "/" + name, read_only=False)
    for name in _DEBIAN_ETC:
        if os.path.isdir("/etc/" + name):
            _bind_folder(root, "/etc/" + name, "/etc/" + name)
    os.makedirs(root + "/run/sshd")
    os.mkdir(root + "/tmp")
    os.chmod(root + "/tmp", 0o1777)
    _devices(root + "/dev")
    os.mkdir(root + "/proc")
    kernel.mount("proc", root + "/proc", "proc")
    _linux_sys(root)
    for path in config["visible"]:
        _bind_folder(root, path, path)
    _simulator(root, config)
    os.mkdir(root + "/.fleet/layers")
    with open(root + "/.fleet/run/boot_id", "w", encoding="ascii") as file:  # the kernel knows of no boot but its own
        file.write(config["boot_id"] + "\n")
    kernel.bind(root + "/.fleet/run/boot_id", root + "/proc/sys/kernel/random/boot_id", read_only=True)
    kernel.change_root(root)


def _linux_sys(root: str) -> None:
    """The real one, which shows the host's own interfaces; instead of this machine's devices those of the host."""
    os.mkdir(root + "/sys")
    kernel.mount("sysfs", root + "/sys", "sysfs")
    os.mkdir(root + "/net")
    kernel.bind(root + "/sys/class/net", root + "/net")
    kernel.mount("tmpfs", root + "/sys/class", "tmpfs", options="mode=0755")
    for name in ("net", "infiniband", "dmi/id"):
        os.makedirs(f"{root}/sys/class/{name}")
    kernel.bind(root + "/net", root + "/sys/class/net")
    kernel.unmount(root + "/net")
    os.rmdir(root + "/net")
    with open(root + "/sys/class/dmi/id/product_name", "w", encoding="ascii") as file:
        file.write("NUC13ANHi5\n")
    kernel.mount("tmpfs", root + "/sys/bus", "tmpfs", options="mode=0755")
    os.makedirs(root + "/sys/bus/thunderbolt/devices")


def _bind_folder(root: str, source: str, path: str, read_only: bool = True) -> None:
    os.makedirs(root + path, exist_ok=True)
    kernel.bind(source, root + path, read_only)


def _bind_file(source: str, target: str) -> None:
    with open(target, "w", encoding="ascii"):
        pass
    kernel.bind(os.path.realpath(source), target, read_only=True)


def _programs(root: str, config: dict[str, Any]) -> None:
    """Debian's own, with those of the host's system in front of them."""
    for name in _TOP_LINKS:
        if os.path.islink("/" + name):
            os.symlink(os.readlink("/" + name), f"{root}/{name}")
        elif os.path.isdir("/" + name):
            _bind_folder(root, "/" + name, "/" + name)
    os.mkdir(root + "/usr")
    kernel.mount("overlay", root + "/usr", "overlay", kernel.MS_RDONLY, f"lowerdir={config['tree']}/usr:/usr")


def _system(root: str, config: dict[str, Any]) -> None:
    _programs(root, config)
    _bind_folder(root, config["tree"] + "/System", "/System")


def _disk(root: str, disk: str) -> None:
    for name in ("private/etc", "private/var", "Users", "Library"):
        _bind_folder(root, f"{disk}/{name}", "/" + name, read_only=False)
    for name in _DEBIAN_ETC:
        if os.path.isdir("/etc/" + name):
            _bind_folder(root, "/etc/" + name, "/private/etc/" + name)
    for name in ("etc", "var", "tmp"):
        os.symlink("private/" + name, f"{root}/{name}")
    for name in ("Applications", "Volumes", "run/sshd"):
        os.makedirs(f"{root}/{name}")
    os.mkdir(root + "/private/tmp")
    os.chmod(root + "/private/tmp", 0o1777)


def _devices(dev: str) -> None:
    os.mkdir(dev)
    kernel.mount("tmpfs", dev, "tmpfs", kernel.MS_NOSUID, "mode=0755")
    for name, (major, minor) in _DEVICES.items():
        os.mknod(f"{dev}/{name}", stat.S_IFCHR | 0o666, os.makedev(major, minor))
        os.chmod(f"{dev}/{name}", 0o666)  # whatever the umask
    for name, target in _DEVICE_LINKS.items():
        os.symlink(target, f"{dev}/{name}")
    os.mkdir(dev + "/pts")
    kernel.mount("devpts", dev + "/pts", "devpts", kernel.MS_NOSUID, "newinstance,ptmxmode=0666,mode=620,gid=4")
    os.mkdir(dev + "/shm")
    kernel.mount("tmpfs", dev + "/shm", "tmpfs", kernel.MS_NOSUID, "mode=1777")


def _simulator(root: str, config: dict[str, Any]) -> None:
    """What the emulated commands work with, in a folder that no Mac has."""
    fleet = root + "/.fleet"
    os.makedirs(fleet + "/run")
    os.mkdir(fleet + "/bin")
    for program in ("ip", "bridge"):
        _bind_file("/usr/sbin/" + program, f"{fleet}/bin/{program}")
    if config["interpreter"].startswith("/usr/"):  # where a Mac without Python has none; its commands still need ours
        _bind_file(config["interpreter"], fleet + "/python")
    else:
        os.symlink(config["interpreter"], fleet + "/python")
    for name in ("lib", "world", "host"):
        _bind_folder(root, config[name], "/.fleet/" + name)
