"""A model server on loopback that speaks both wire formats and misbehaves on demand."""

from tests.upstream.server import Upstream

__all__ = ["Upstream"]
