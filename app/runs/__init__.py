"""Runs: generations that live apart from the connections that asked for them."""
