"""The origins of pages that may read what they ask for, as CORS_ORIGINS lists them."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

EVERY = "*"

# As a browser writes it in Origin: no path, small letters, no port that is the usual one.
_FORM = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:[0-9]{1,5})?")
_USUAL = {"http": ":80", "https": ":443"}


def read(text: str) -> tuple[str, ...]:
    """Exact origins divided by commas, or `*` alone. Raises ValueError with a sentence."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if EVERY in names and len(names) > 1:
        raise ValueError("* stands for every origin, and so it stands alone.")
    return names if names == (EVERY,) else tuple(dict.fromkeys(map(_origin, names)))


def _origin(name: str) -> str:
    found = _FORM.fullmatch(name.lower())
    if found is None or not _has_port(name):
        raise ValueError(
            f"{name} is not an origin: scheme, host and perhaps a port, as https://app.example or "
            "http://localhost:3000, and nothing after that."
        )
    scheme, host, port = found.groups()
    return f"{scheme}://{host}{'' if port in (None, _USUAL.get(scheme)) else port}"


def _has_port(name: str) -> bool:
    """Whether its port, if it names one, is one that there can be."""
    try:
        return urlsplit(name).port != 0
    except ValueError:
        return False
