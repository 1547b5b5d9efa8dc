# SPDX-License-Identifier: Apache-2.0
"""``boltloom ps``: which runs there are."""

from __future__ import annotations

from typing import Any

import click

from boltloom_launcher.cli.run_hosts import reaches, run_host_options, told


@click.command()
@run_host_options
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of objects.")
def ps(**options: Any) -> int:
    """List your runs of boltloom launch that have ranks on this computer, or on the hosts named.

    STATE is running, ending, launcher gone (its ranks are being ended), agent gone (so they are, unless
    its guard was killed, too: boltloom kill ends them), or over (what was left of it has just been removed).
    An entry is in ~/.local/state/boltloom of the ranks' host, for you alone, until the run is over there.

    Exit status: 0 done; 2 wrong usage or file; 3 a host could not be asked.
    """
    hosts = reaches(options)
    import asyncio
    import json

    from boltloom_launcher.runs import for_programs, list_runs, table

    found, problems = asyncio.run(list_runs(hosts))
    if options["as_json"]:
        click.echo(json.dumps(for_programs(found), indent=1))
    else:
        click.echo("\n".join(table(found)))
    return told(problems)
