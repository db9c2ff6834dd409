"""Extraction: typed data from a text, with proof, or a clear no.

`extraction.Extraction` is the use case; `request.Request` goes in, and `result.Result` comes out or
an error is raised that has `members`: the candidate, its issues, the attempts and their cost.
"""
