"""What workers share, on a real Redis."""

from tests.cluster.connected import connect, redis_of_module, redis_server

__all__ = ["connect", "redis_of_module", "redis_server"]
