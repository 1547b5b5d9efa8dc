# SPDX-License-Identifier: Apache-2.0
"""The Macs that can be simulated: what is fixed by the model. Port maps as seen on real machines."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Model:
    """A model of Mac."""

    name: str  # marketing name
    chip: str
    memory_gb: int
    cores: int
    ports: dict[int, str]  # receptacle -> device; numbers may skip, devices need not ascend
    capable_gbps: int = 120
    en0: str = "Ethernet"  # hardware port of en0, the way to the management network

    @property
    def thunderbolt5(self) -> bool:
        """Only Thunderbolt 5 ports do RDMA."""
        return self.capable_gbps > 40


MODELS = {
    "Mac15,14": Model("Mac Studio", "Apple M3 Ultra", 512, 32, {n: f"en{n + 1}" for n in range(1, 7)}),
    "Mac16,9": Model("Mac Studio", "Apple M4 Max", 128, 16, {n: f"en{n + 1}" for n in range(1, 5)}),
    "Mac16,10": Model("Mac mini", "Apple M4", 32, 10, {1: "en2", 2: "en3", 4: "en4"}, capable_gbps=40),
    "Mac16,11": Model("Mac mini", "Apple M4 Pro", 64, 14, {1: "en2", 2: "en3", 3: "en4"}),
    "Mac16,5": Model("MacBook Pro", "Apple M4 Max", 128, 16, {1: "en1", 2: "en2", 3: "en3"}, en0="Wi-Fi"),
    "Mac17,6": Model("MacBook Pro", "Apple M5 Max", 128, 18, {1: "en1", 2: "en6", 3: "en2"}, en0="Wi-Fi"),
}

# A host that runs Linux. Its interfaces come and go with the cables: these names of receptacles are the simulator's.
LINUX = Model("Linux", "", 16, 8, {n: f"tb{n}" for n in range(1, 5)}, capable_gbps=40, en0="Ethernet")

# version -> build, for fleet files that name only the version
BUILDS = {
    "26.1": "25B78",
    "26.2": "25C56",
    "26.3": "25D125",
    "26.4": "25E246",
    "26.4.1": "25E253",
    "26.5": "25F71",
    "26.6.2": "25G83",
}
FIRST_WITH_RDMA = (26, 2)

DEVICES = ("dock", "drive", "display")
