# SPDX-License-Identifier: Apache-2.0
"""The backend mpi: what the hosts' own mpirun is told, so that it wires up ranks that our agents own."""
