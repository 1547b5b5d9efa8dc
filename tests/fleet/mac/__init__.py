# SPDX-License-Identifier: Apache-2.0
"""What runs inside a simulated Mac: its memory, its network configuration, its commands. Standard library only, and
little of it: each command shall start in a few hundredths of a second."""
