"""Tools of MCP servers, over streamable HTTP.

`thread` runs asyncio beside the loop, `session` speaks with a server by the official SDK, `offered`
makes tools of what a server lists, and `server` keeps that list up to date. Importing `session`
takes a second, and is done where a server is configured.
"""
