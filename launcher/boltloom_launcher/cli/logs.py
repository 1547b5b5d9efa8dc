# SPDX-License-Identifier: Apache-2.0
"""``boltloom logs``: what the ranks of a run wrote."""

from __future__ import annotations

from typing import Any

import click

from boltloom_launcher.cli.run_hosts import reaches, run_host_options, told


@click.command()
@run_host_options
@click.option("-f", "--follow", is_flag=True, help="Go on with what they write, until the run is over.")
@click.option("--rank", type=click.IntRange(min=0), metavar="RANK", help="Of this rank only.")
@click.argument("run")
def logs(**options: Any) -> int:
    """Show what the ranks of RUN wrote on this computer, or on the hosts named.

    The last MiB of each rank, stdout and stderr together, is kept on the rank's own host while the run is there;
    boltloom launch --output-dir keeps all of it, also afterwards. RUN is as for boltloom kill.

    Exit status: 0 done; 2 wrong usage or file, or no such run; 3 a host could not be asked.
    """
    hosts = reaches(options)
    import asyncio

    from boltloom_launcher.runs import show_logs

    return told(asyncio.run(show_logs(hosts, options["run"], options["rank"], options["follow"])))
