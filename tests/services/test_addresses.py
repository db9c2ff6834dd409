"""Which addresses a caller may have fetched from."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.services.addresses import is_public
from tests.properties import examples

_PRIVATE_4 = [
    *["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
    *["172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"],
    *["198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
]
_PRIVATE_6 = [
    *["::/128", "::1/128", "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48"],
    *["100::/64", "2001::/32", "2001:2::/48", "2001:20::/28", "2001:db8::/32", "2002::/16"],
    *["3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"],
]
# Ways to write an IPv4 address in an IPv6 one.
_CARRIERS = {
    "mapped": (IPv6Address("::ffff:0:0"), 0),
    "compatible": (IPv6Address("::"), 0),
    "translated": (IPv6Address("64:ff9b::"), 0),
    "translated, locally": (IPv6Address("64:ff9b:1::"), 0),
    "6to4": (IPv6Address("2002::"), 80),
    "Teredo's server": (IPv6Address("2001::"), 64),
}


@examples(300)
@given(
    st.sampled_from([IPv4Network(block) for block in _PRIVATE_4]).flatmap(
        lambda block: st.ip_addresses(network=block)
    )
    | st.sampled_from([IPv6Network(block) for block in _PRIVATE_6]).flatmap(
        lambda block: st.ip_addresses(network=block)
    )
)
def test_what_is_not_public(address: IPv4Address | IPv6Address) -> None:
    """No address of a block that is not for hosts of the public internet is."""
    assert not is_public(address)


@pytest.mark.parametrize("carrier", _CARRIERS)
@examples(50)
@given(st.ip_addresses(v=4))
def test_an_address_within_an_address(carrier: str, inner: IPv4Address | IPv6Address) -> None:
    """IPv6 addresses that lead on to an IPv4 address are not, wherever they lead."""
    prefix, shift = _CARRIERS[carrier]
    assert not is_public(IPv6Address(int(prefix) | int(inner) << shift))


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192"],
)
def test_where_clouds_keep_their_secrets(address: str) -> None:
    """The metadata servers of the large clouds are out of reach."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700::6810:84e5", "2a00:1450::1"]
)
def test_what_is_public(address: str) -> None:
    """Addresses of well-known sites are."""
    assert is_public(ip_address(address))
