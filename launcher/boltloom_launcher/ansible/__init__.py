# SPDX-License-Identifier: Apache-2.0
"""Ansible as a subprocess: which hosts, which settings, and what a run had to say. Nothing here imports Ansible."""
