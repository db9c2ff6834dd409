"""The servers that are known by name."""

from __future__ import annotations

from dataclasses import asdict
from urllib.parse import urlsplit

import pytest

from app.servers import KNOWN, CompatibleServer, names


@pytest.mark.parametrize("server", KNOWN.values(), ids=KNOWN)
def test_a_row_is_an_address_and_at_most_one_peculiarity(server: CompatibleServer) -> None:
    """Whoever needs more than one override is not compatible."""
    plain = CompatibleServer(server.name, server.base_url)
    assert len(asdict(server).items() - asdict(plain).items()) <= 1
    address = urlsplit(server.base_url)
    assert (address.scheme, address.query, address.path.endswith("/")) == ("https", "", False)
    assert names({f"COMPATIBLE_{server.name.upper()}_API_KEY": "k"}) == [server.name.upper()]


def test_what_an_environment_names() -> None:
    """An address or a key, also in a file, names a server; what is empty names none."""
    said = {
        "COMPATIBLE_B_BASE_URL": "http://b/v1",
        "COMPATIBLE_B_API_KEY_FILE": "/b",
        "COMPATIBLE_A_API_KEY": "k",
        "COMPATIBLE_C_BASE_URL_FILE": "/c",
        "COMPATIBLE_D_API_KEY": " ",
        "COMPATIBLE_E_BASE_URL": "",
        "COMPATIBLE__API_KEY": "k",
        "OTHER_COMPATIBLE_F_API_KEY": "k",
        "COMPATIBLE_G_API_KEYS": "k",
    }
    assert names(said) == ["A", "B", "C"]
