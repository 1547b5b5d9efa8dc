# SPDX-License-Identifier: Apache-2.0
"""What `make demo` does: from cables to a running program, on simulated Macs or on this computer alone."""
