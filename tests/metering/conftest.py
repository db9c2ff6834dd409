"""What moves money is proved on both databases."""

from tests.storage.conftest import blank, database, server, sqlite

__all__ = ["blank", "database", "server", "sqlite"]
