"""Functions that a model may call.

`tool` is one of them as everybody who calls one knows it, `own` makes one of a Python function
(`signature`, `kinds`, `arguments`), `toolbox` holds those that there are and says who is granted
which. `shipped/` has those that come with Parley, `servers/` those of MCP servers.
"""
