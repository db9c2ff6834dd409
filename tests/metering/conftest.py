"""What moves money is proved on both databases, and what limits in memory and on Redis."""

from tests.cluster.connected import connect, redis_of_module, redis_server
from tests.storage.conftest import blank, database, server, sqlite

__all__ = ["blank", "connect", "database", "redis_of_module", "redis_server", "server", "sqlite"]
