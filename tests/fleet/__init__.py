# SPDX-License-Identifier: Apache-2.0
"""A simulated rack of Macs: Linux namespaces, real sshd, real veth pairs, emulated macOS commands.

``python -m fleet up tests/fleet/fleets/mesh4.yml`` brings one up by hand; tests use :func:`fleet.fleet.fleet_up`
or the fixture of :mod:`fleet.pytest_plugin`. What runs inside a simulated Mac is in the folder ``mac``.
"""
