"""A model server on loopback that speaks both wire formats and misbehaves on demand.

`make faults` starts it for a person, and shows what the models' names mean.
"""

from tests.upstream.server import Upstream

__all__ = ["Upstream"]
