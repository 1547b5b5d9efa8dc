# SPDX-License-Identifier: Apache-2.0
"""Starts and supervises one process per rank on every host."""

__version__ = "0.1.0"
