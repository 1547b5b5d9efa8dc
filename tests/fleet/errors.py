# SPDX-License-Identifier: Apache-2.0
"""What a person can have done wrong with a fleet."""


class FleetError(Exception):
    """One line: what, where, and what to do next. The command line prints it and exits with 2 or 3."""

    def __init__(self, message: str, exit_code: int = 3) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class DescriptionError(FleetError):
    """The fleet file is wrong."""

    def __init__(self, message: str) -> None:
        super().__init__(message, exit_code=2)
