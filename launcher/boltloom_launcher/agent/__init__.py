# SPDX-License-Identifier: Apache-2.0
"""What runs on every host while a job runs: standard library only, Python 3.8, nothing installed.

The launcher joins the modules of this package, as text or compiled, and sends them over
the connection's own stdin (see ``bootstrap.py``), so nothing here may import anything
but the standard library and its own siblings.
"""
