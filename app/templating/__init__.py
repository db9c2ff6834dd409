"""Prompts as files: read, checked, found by name and version, and filled in.

`catalogue` reads folders of them; `prompt` is one of them, made of a front matter (`front_matter`,
`variables`) and a template in a sandbox (`template`, `grammar`). What a caller supplies stands
between delimiters (`supplied`).
"""
