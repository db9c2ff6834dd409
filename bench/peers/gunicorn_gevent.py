"""gunicorn's settings for the Flask relay."""

from gevent import monkey

# Before gunicorn imports ssl, which patched later would recurse for ever.
monkey.patch_all()

worker_class = "gevent"
workers = 1
worker_connections = 10_000
loglevel = "warning"
