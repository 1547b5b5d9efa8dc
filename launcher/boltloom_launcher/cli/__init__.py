# SPDX-License-Identifier: Apache-2.0
"""The command line: options here, everything else elsewhere."""
