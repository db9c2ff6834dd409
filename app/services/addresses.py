"""Which internet addresses are public."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

Address = IPv4Address | IPv6Address

# All that is given out to hosts so far (IANA, IPv6 Global Unicast Address Assignments). Outside of
# it lie loopback, link-local, unique local and multicast addresses, and those that hold an IPv4
# address: mapped, compatible, translated (NAT64).
_UNICAST = ip_network("2000::/3")
# Inside of it, and of IPv4, not for hosts of the public either (IANA's special-purpose registries).
# Python's own lists have most of them, and differ from version to version.
_SPECIAL = [
    ip_network(block)
    for block in (
        "192.0.0.0/24",  # protocol assignments; a cloud's metadata among them
        "192.88.99.0/24",  # relays from IPv6
        "168.63.129.16/32",  # Azure's own services, beside each of its machines
        "2001::/23",  # protocol assignments, Teredo among them, which holds an IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which holds an IPv4 address
        "3fff::/20",  # documentation
    )
]


def is_public(address: Address) -> bool:
    """Whether it can only be a host of the public internet."""
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    if address.is_multicast or not address.is_global:
        return False
    return not any(address in block for block in _SPECIAL)
