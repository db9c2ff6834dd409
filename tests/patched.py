"""A pytest plugin that patches before anything else is imported, as the server does."""

from gevent import monkey

monkey.patch_all()
