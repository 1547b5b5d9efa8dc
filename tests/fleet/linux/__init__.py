# SPDX-License-Identifier: Apache-2.0
"""What runs inside a simulated Linux host in the place of its kernel's drivers and its init system."""
