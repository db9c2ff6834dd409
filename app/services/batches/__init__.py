"""Extraction from many documents under one budget, over HTTP and on the command line.

`batch` has what goes in and comes out, `work` carries it out; the rest is how results are kept in a
file: as JSON Lines (`lines`) or CSV (`table`), so that what was interrupted can go on (`results`).
"""
