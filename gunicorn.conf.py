"""gunicorn's settings, made from Parley's configuration."""

from gevent import monkey

# The imports below reach ssl; patched after that, in the worker, it would recurse for ever.
monkey.patch_all()

import gc  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import shutil  # noqa: E402
import sys  # noqa: E402
from ipaddress import ip_address  # noqa: E402
from tempfile import mkdtemp  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402

# Where the workers write what they count. The next imports reach prometheus_client, which asks for
# it once; and a reload comes by here again.
_OURS = "parley-metrics-"
_figures = os.environ.get("PROMETHEUS_MULTIPROC_DIR") or mkdtemp(prefix=_OURS)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = _figures

from app.blueprints.description import complete  # noqa: E402
from app.config import Config, ConfigError  # noqa: E402
from app.filtering import rules  # noqa: E402
from app.metrics import together  # noqa: E402
from app.services.consent import terms_of  # noqa: E402
from app.templating.catalogue import read  # noqa: E402


def on_exit(server: Any) -> None:
    """In the master. What somebody else has named is somebody else's to clear."""
    if _OURS in _figures:
        shutil.rmtree(_figures, ignore_errors=True)


try:
    _config = Config.from_env()
    # Each worker reads them again; what is wrong must end the start, not worker after worker.
    read(_config.prompts_dir, _config.models)
    rules.read(_config.filter_rules, moderated=bool(_config.openai_api_key))
    terms_of(_config)
except ConfigError as error:
    on_exit(None)
    sys.exit(str(error))

bind = _config.bind
workers = _config.web_concurrency
worker_class = "app.worker.Worker"
# A stream holds a connection for as long as it lasts; the default of 1,000 would be the limit.
worker_connections = 20_000
# The worker drains by itself; gunicorn's own patience only has to be the longer one.
graceful_timeout = int(_config.drain_timeout) + 10
# Longer than the keep-alive of the usual routers, so that they close first and never meet a
# connection that has just gone.
keepalive = 75
# Its socket would be written under the home folder and be shared by every instance there.
control_socket_disable = True
# Parley writes its own line for each request.
accesslog = None
loglevel = "warning"


def on_starting(server: Any) -> None:
    """Refuse to be open to the network, whatever `--bind` says, and raise the limit of files."""
    if _config.open and not all(_is_loopback(address) for address in server.cfg.address):
        sys.exit(
            "Parley cannot start: it is bound to an address that others can reach, and no key is "
            "in force. Set PORT and ADMIN_KEY instead of --bind."
        )
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def post_worker_init(worker: Any) -> None:
    complete(worker.application)
    # What was made by now stays for good; looking through it again and again costs every turn.
    gevent.config.track_greenlet_tree = False  # who spawned whom is kept, and nobody asks
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    host, port = worker.cfg.address[0][:2]
    shown = "127.0.0.1" if host == "0.0.0.0" else host
    parley = worker.application.extensions["parley"]
    gevent.spawn(parley.warn_of_endings)
    parley.start()
    print(f"Parley is ready at http://{shown}:{port}", flush=True)


def worker_exit(server: Any, worker: Any) -> None:
    """In the worker that ends: its last spans go out, of streams that were drained, too."""
    if worker.pid == os.getpid() and hasattr(worker, "application"):
        worker.application.extensions["parley"].watching.close()


def child_exit(server: Any, worker: Any) -> None:
    together.bury(_figures, server.WORKERS)


def _is_loopback(address: Any) -> bool:
    # A Unix socket is a path; who may open it is for the file system to say.
    return isinstance(address, str) or ip_address(address[0]).is_loopback
