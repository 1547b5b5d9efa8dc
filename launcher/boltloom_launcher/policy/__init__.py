# SPDX-License-Identifier: Apache-2.0
"""What happens to a run when something happens: a pure function from (state, event) to (state, actions).

A run connects its agents, has the hosts prepared, runs the ranks (several times, if it may restart them), ends them,
and leaves. ``events`` come in, ``actions`` go out, ``job`` is what is known in between, ``step`` decides.
"""
