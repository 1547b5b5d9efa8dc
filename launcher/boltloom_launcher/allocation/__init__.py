# SPDX-License-Identifier: Apache-2.0
"""Ranks that a scheduler has started: what it says of each, and how they agree on all that it does not say.

``schedulers`` reads variables and ``plan`` makes the ranks' plan, both pure; ``hub`` and ``visitor`` are the meeting of
the ranks before their program begins.
"""
