"""HTTP below the vendors' SDKs: connections, bodies, and the request that an SDK would send."""
