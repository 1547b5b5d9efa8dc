# SPDX-License-Identifier: Apache-2.0
"""system_profiler SPThunderboltDataType | SPHardwareDataType, as text, -json or -xml."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from mac import firmware, machine

_LABELS = (  # in the order of the text report
    ("vendor_name_key", "Vendor Name"),
    ("device_name_key", "Device Name"),
    ("mode_key", "Mode"),
    ("device_id_key", "Device ID"),
    ("vendor_id_key", "Vendor ID"),
    ("device_revision_key", "Device Revision"),
    ("switch_uid_key", "UID"),
    ("route_string_key", "Route String"),
    ("domain_uuid_key", "Domain UUID"),
    ("switch_version_key", "Firmware Version"),
)
_PORT_LABELS = (
    ("receptacle_status_key", "Status"),
    ("link_status_key", "Link Status"),
    ("current_speed_key", "Speed"),
    ("receptacle_id_key", "Receptacle"),
    ("micro_version_key", "Micro Firmware Version"),
    ("lc_version_key", "Link Controller Firmware Version"),
)
_SERVICE_LABELS = (
    ("protocol_id_key", "Protocol ID"),
    ("protocol_version_key", "Protocol Version"),
    ("protocol_revision_key", "Protocol Revision"),
    ("service_key_key", "Service Key"),
    ("service_uuid_key", "Service UUID"),
)
_WORDS = {
    "receptacle_connected": "Device connected",
    "receptacle_no_devices_connected": "No device connected",
    "thunderbolt_three": "Thunderbolt 3",
    "usb_four_v2": "USB4 v2",
    "service_ip": "Internet Protocol",
    "unknown_xd_service": "Service: Unknown",
}


def _fields(labels: tuple[tuple[str, str], ...], entry: dict[str, Any], indent: int) -> Iterator[str]:
    for key, label in labels:
        if key in entry:
            yield f"{' ' * indent}{label}: {_WORDS.get(entry[key], entry[key])}"


def _ports(entry: dict[str, Any], indent: int) -> Iterator[str]:
    for key in sorted((key for key in entry if key.endswith("_tag")), key=lambda key: "upstream" not in key):
        yield " " * indent + ("Port (Upstream):" if "upstream" in key else "Port:")
        yield from _fields(_PORT_LABELS, entry[key], indent + 4)


def _item(item: dict[str, Any], indent: int = 8) -> Iterator[str]:
    yield from ("", f"{' ' * indent}{item['_name']}:", "")
    yield from _fields(_LABELS, item, indent + 2)
    yield from _ports(item, indent + 2)
    if "services_title" in item:
        yield " " * (indent + 2) + "Services:"
        for service in item["services_title"]:
            yield " " * (indent + 4) + _WORDS[service["_name"]] + ":"
            yield from _fields(_SERVICE_LABELS, service, indent + 6)
    for behind in item.get("_items", []):
        yield from _item(behind, indent + 4)


def _thunderbolt_text() -> Iterator[str]:
    yield from ("Thunderbolt/USB4:", "")
    for bus in firmware.buses():
        yield from (f"    Thunderbolt/USB4 Bus {bus['_name'].rsplit('_', 1)[1]}:", "")
        yield from _fields(_LABELS, bus, 6)
        yield from _ports(bus, 6)
        for item in bus.get("_items", []):
            yield from _item(item)
        yield ""


def _hardware() -> list[dict[str, Any]]:
    mac = machine.this_mac()
    serial = "".join(ch for ch in mac["uids"][min(mac["ports"])][6:16])
    return [
        {
            "_name": "hardware_overview",
            "chip_type": mac["chip"],
            "machine_model": mac["model_id"],
            "machine_name": mac["marketing"],
            "number_processors": f"proc {mac['cores']}:{mac['cores'] - 4}:4",
            "physical_memory": f"{mac['memory_gb']} GB",
            "platform_UUID": f"{serial[:8]:0<8}-0000-4000-8000-{serial:0>12}",
            "serial_number": serial,
        }
    ]


def _hardware_text() -> Iterator[str]:
    entry = _hardware()[0]
    yield from ("Hardware:", "", "    Hardware Overview:", "")
    for label, key in (
        ("Model Name", "machine_name"),
        ("Model Identifier", "machine_model"),
        ("Chip", "chip_type"),
        ("Memory", "physical_memory"),
        ("Serial Number (system)", "serial_number"),
        ("Hardware UUID", "platform_UUID"),
    ):
        yield f"      {label}: {entry[key]}"
    yield ""


_REPORTS = {
    "SPThunderboltDataType": (firmware.buses, _thunderbolt_text),
    "SPHardwareDataType": (_hardware, _hardware_text),
}


def _write_xml(kinds: list[str]) -> None:
    import plistlib

    reports = [{"_dataType": kind, "_items": _REPORTS[kind][0]()} for kind in kinds]
    sys.stdout.flush()
    sys.stdout.buffer.write(plistlib.dumps(reports))


def main(arguments: list[str]) -> int:
    kinds = [argument for argument in arguments if argument in _REPORTS]
    if "-listDataTypes" in arguments:
        print("Available Datatypes:\n" + "\n".join(sorted(_REPORTS)))
    elif "-json" in arguments:
        report = {kind: _REPORTS[kind][0]() for kind in kinds}
        text = json.dumps(report, indent=2, separators=(",", " : "), sort_keys=True, ensure_ascii=False)
        sys.stdout.buffer.write(text.encode())
    elif "-xml" in arguments:
        _write_xml(kinds)
    else:
        for kind in kinds:
            sys.stdout.buffer.write(("\n".join(_REPORTS[kind][1]()) + "\n").encode())
    return 0
