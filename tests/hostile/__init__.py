# SPDX-License-Identifier: Apache-2.0
"""What hosts, files and people may hand to a parser, at its worst. ``subjects.py`` lists the parsers and codecs."""
