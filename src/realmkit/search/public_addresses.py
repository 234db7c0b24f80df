"""Which addresses the server may be made to ask, and how it says that it did not."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(OSError):
    """The name of a host leads to an address that is not asked."""


class NotReached(Exception):
    """A server did not answer. One that `is_worth_a_rest` is not asked again for a while."""

    def __init__(self, *, took_too_long: bool = False, is_worth_a_rest: bool = True) -> None:
        super().__init__()
        self.took_too_long = took_too_long
        self.is_worth_a_rest = is_worth_a_rest


def as_address(host: str) -> Address | None:
    """The address that a host is; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether an address means one machine of the public internet, however it is written."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
