"""Where a text says what was extracted from it, or that it doesn't; long texts, cut and rejoined.

`finding.find` looks up every leaf of extracted data; `amounts.read` and `dates.read` say what a
spelling can mean; `splitting.split` and `merging.merge` take a long text apart and its answers
together. All offsets are Python's, in code points, and all of it is linear in the text.
"""
