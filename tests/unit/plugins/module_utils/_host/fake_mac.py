# SPDX-License-Identifier: Apache-2.0
"""A Mac in memory, as far as steps change it: what networksetup and ifconfig say depends on what they were told.

The services live in the preferences file below ``root``, as they do on a Mac. ``fail`` makes commands fail,
``stop_after`` ends the process (an exception that is none of ours) before the n-th change.
"""

from __future__ import annotations

import plistlib
from pathlib import Path

from ansible_collections.boltloom.cluster.plugins.module_utils._host.commands import Output

PREFERENCES = "Library/Preferences/SystemConfiguration/preferences.plist"
MAC = "36:00:00:00:00:40"
READERS = ("-listnetworkserviceorder", "-getinfo", "-getdnsservers")


class Killed(BaseException):
    """The process ends here."""


class FakeMac:
    def __init__(self, root: Path, ports=(("Thunderbolt 2", "en3"), ("Thunderbolt 3", "en4"))):
        self.root, self.ports = root, {**dict(ports), "Thunderbolt Bridge": "bridge0", "Ethernet": "en0"}
        self.bridges = {"bridge0": {"members": ["en3", "en4"], "up": True, "addresses": [], "mac": MAC}}
        self.addresses = {device: [] for _, device in ports}
        self.changes, self.stop_after, self.fail = [], None, {}
        self.path = root / PREFERENCES
        self.path.parent.mkdir(parents=True)
        bridge = {"Interfaces": ["en3", "en4"], "Options": {"__AUTO__": "thunderbolt-bridge"}}
        self._save(
            {
                "NetworkServices": {},
                "Sets": {"1": {"Network": {"Global": {"IPv4": {"ServiceOrder": []}}, "Service": {}}}},
                "VirtualNetworkInterfaces": {"Bridge": {"bridge9": {"Interfaces": ["en8"]}, "bridge0": bridge}},
            }
        )
        for name in ("Ethernet", "Thunderbolt Bridge"):
            self._create(name, name)

    def everything(self):
        """All that a user could miss."""
        return self.path.read_bytes(), self.bridges, self.addresses

    def reboot(self):
        """What ifconfig did is forgotten."""
        configured = self._load()["VirtualNetworkInterfaces"]["Bridge"]
        kept = {name: list(entry["Interfaces"]) for name, entry in configured.items() if name == "bridge0"}
        self.bridges = {
            name: {"members": members, "up": True, "addresses": [], "mac": MAC} for name, members in kept.items()
        }
        self.addresses = {device: [] for device in self.addresses}

    def __call__(self, argv, timeout=0.0):
        program, words = argv[0].rpartition("/")[2], list(argv[1:])
        reading = words == [] or (program == "networksetup" and words[0] in READERS)
        if not reading:
            if self.stop_after is not None and len(self.changes) >= self.stop_after:
                raise Killed
            self.changes.append(list(argv))
        for beginning, said in self.fail.items():
            if " ".join([program, *words]).startswith(beginning):
                return Output(tuple(argv), 4, said, "")
        text = getattr(self, f"_{program}")(words)
        return Output(tuple(argv), 4 if "** Error" in text else 0, text, "")

    def _load(self):
        return plistlib.loads(self.path.read_bytes())

    def _save(self, document):
        self.path.write_bytes(plistlib.dumps(document, sort_keys=False))

    def _create(self, name, port):
        document = self._load()
        identifier = f"{name}/{port}"
        document["NetworkServices"][identifier] = {
            "UserDefinedName": name,
            "Interface": {"UserDefinedName": port, "DeviceName": self.ports[port]},
            "Shown": {"method": "DHCP", "ipv6": "Automatic", "dns": []},
        }
        network = document["Sets"]["1"]["Network"]
        network["Service"][identifier] = {}
        network["Global"]["IPv4"]["ServiceOrder"].append(identifier)
        self._save(document)
        return ""

    def services(self, document=None):
        document = document or self._load()
        order = document["Sets"]["1"]["Network"]["Global"]["IPv4"]["ServiceOrder"]
        return [document["NetworkServices"][identifier] for identifier in order]

    def _networksetup(self, words):
        verb, parameters = words[0], words[1:]
        if verb == "-listnetworkserviceorder":
            return self._listed()
        if verb == "-createnetworkservice":
            return self._create(*parameters)
        document = self._load()
        if verb == "-ordernetworkservices":
            found = {
                s["UserDefinedName"]: f"{s['UserDefinedName']}/{s['Interface']['UserDefinedName']}"
                for s in self.services()
            }
            document["Sets"]["1"]["Network"]["Global"]["IPv4"]["ServiceOrder"] = [found[name] for name in parameters]
            self._save(document)
            return ""
        service = next((s for s in self.services(document) if s["UserDefinedName"] == parameters[0]), None)
        if service is None:
            return f"{parameters[0]} is not a recognized network service.\n** Error: The parameters were not valid."
        text = self._service_verb(verb, document, service, parameters[1:])
        if verb not in READERS and not text:
            self._save(document)
        return text

    def _listed(self):
        lines = ["An asterisk (*) denotes that a network service is disabled."]
        for number, service in enumerate(self.services(), 1):
            lines.append(f"({'*' if service.get('off') else number}) {service['UserDefinedName']}")
            port = service["Interface"]
            lines.append(f"(Hardware Port: {port['UserDefinedName']}, Device: {port['DeviceName']})\n")
        return "\n".join(lines)

    def _service_verb(self, verb, document, service, parameters):
        shown = service["Shown"]
        if verb == "-getinfo":
            lines = [f"{shown['method']} Configuration" if shown["method"] != "Off" else "Off"]
            if shown["method"] == "Manual":
                lines += [f"IP address: {shown['address']}", f"Subnet mask: {shown['netmask']}"]
                lines += [f"Router: {shown['router'] or '(null)'}"]
            return "\n".join([*lines, f"IPv6: {shown['ipv6']}"])
        if verb == "-getdnsservers":
            return "\n".join(shown["dns"]) or f"There aren't any DNS Servers set on {service['UserDefinedName']}."
        if verb == "-removenetworkservice":
            return self._remove(document, service)
        if verb == "-setnetworkserviceenabled":
            service["off"] = True
            if parameters == ["on"]:
                del service["off"]
        elif verb == "-setmanual":
            shown.update(method="Manual", address=parameters[0], netmask=parameters[1], router=parameters[2])
        elif verb == "-setdnsservers":
            shown["dns"] = [] if parameters == ["empty"] else parameters
        elif verb in ("-setdhcp", "-setv4off"):
            service["Shown"] = {
                "method": "DHCP" if verb == "-setdhcp" else "Off",
                "ipv6": shown["ipv6"],
                "dns": shown["dns"],
            }
        else:
            shown["ipv6"] = {"-setv6LinkLocal": "Link Local", "-setv6automatic": "Automatic", "-setv6off": "Off"}[verb]
        return ""

    def _remove(self, document, service):
        device = service["Interface"]["DeviceName"]
        if sum(other["Interface"]["DeviceName"] == device for other in self.services(document)) == 1:
            return "** Error: that is the last service of its port."
        network = document["Sets"]["1"]["Network"]
        identifier = next(key for key, value in document["NetworkServices"].items() if value is service)
        del document["NetworkServices"][identifier], network["Service"][identifier]
        network["Global"]["IPv4"]["ServiceOrder"].remove(identifier)
        return ""

    def _ifconfig(self, words):
        if not words:
            return self._interfaces()
        device, verb, parameters = words[0], words[1], words[2:]
        if verb != "create" and device not in {**self.bridges, **self.addresses}:
            return f"** Error: interface {device} does not exist"
        if verb == "create":
            self.bridges[device] = {"members": [], "up": False, "addresses": [], "mac": "02:00:00:00:00:01"}
        elif verb == "lladdr":
            self.bridges[device]["mac"] = parameters[0]
        elif verb == "destroy":
            del self.bridges[device]
        elif verb in ("up", "down"):
            self.bridges[device]["up"] = verb == "up"
        elif verb == "addm":
            self.bridges[device]["members"].append(parameters[0])
        elif verb == "deletem":
            self.bridges[device]["members"].remove(parameters[0])
        else:
            held = self.bridges[device]["addresses"] if device in self.bridges else self.addresses[device]
            if parameters[-1] == "-alias":
                held[:] = [address for address in held if address.split("/")[0] != parameters[0]]
            else:
                held.append(parameters[0])
        return ""

    def _interfaces(self):
        lines = []
        for name, bridge in self.bridges.items():
            lines.append(f"{name}: flags=8863<{'UP,' if bridge['up'] else ''}RUNNING> mtu 1500")
            lines.append(f"\tether {bridge['mac']}")
            lines += [f"\tmember: {member} flags=3<LEARNING,DISCOVER>" for member in bridge["members"]]
            lines += self._inet(bridge["addresses"])
        for device, held in self.addresses.items():
            lines += [f"{device}: flags=8863<UP,RUNNING> mtu 1500", *self._inet(held)]
        return "\n".join(lines) + "\n"

    @staticmethod
    def _inet(held):
        masks = {"30": "0xfffffffc", "24": "0xffffff00", "16": "0xffff0000"}
        return [f"\tinet {text.split('/')[0]} netmask {masks[text.split('/')[1]]}" for text in held]
