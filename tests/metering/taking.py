"""A worker of its own: asks so often, says how often it got it, and waits to be killed."""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402

import gevent  # noqa: E402

from app.cluster.connection import Connection  # noqa: E402
from app.metering.counters import Taken, Want  # noqa: E402
from app.metering.shared_windows import SharedCounters  # noqa: E402

if __name__ == "__main__":
    url, name, limit, times = sys.argv[1:]
    counters = SharedCounters(Connection(url, "test"), name, refuse=True)
    counters.start()
    for want in (Want("requests", int(limit)), Want("places", int(limit), place=True)):
        jobs = [gevent.spawn(counters.take, [want]) for _ in range(int(times))]
        gevent.joinall(jobs, raise_error=True)
        print(sum(isinstance(job.get(), Taken) for job in jobs), flush=True)
    gevent.sleep(60)
