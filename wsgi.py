"""What gunicorn and the `flask` command load: the application, or a sentence why there is none."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402  # nothing may import ssl or threading before the patch

from app import create_app  # noqa: E402
from app.config import ConfigError  # noqa: E402

try:
    app = create_app()
except ConfigError as error:
    sys.exit(str(error))
