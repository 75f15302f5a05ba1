"""Whose address counts, behind proxies or without."""

from typing import Any

import pytest

from app.api.http.limits.trusted_proxies import TrustedProxies, parse_trusted_proxies

TRUSTED = parse_trusted_proxies("10.0.0.0/8, 192.0.2.7 fd00::/8")


def request_scope(peer: str | None, *forwarded: str) -> dict[str, Any]:
    """The scope of a request, with one line of the header for each text."""
    headers = [(b"x-forwarded-for", text.encode("latin-1")) for text in forwarded]
    return {"client": (peer, 1234) if peer is not None else None, "headers": [(b"host", b"x"), *headers]}


def test_without_a_trusted_proxy_the_peer_counts_whatever_it_writes() -> None:
    assert TrustedProxies().client_address(request_scope("203.0.113.9", "198.51.100.1")) == "203.0.113.9"
    assert TRUSTED.client_address(request_scope("203.0.113.9", "198.51.100.1")) == "203.0.113.9"


@pytest.mark.parametrize(
    ("forwarded", "origin"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        (["198.51.100.1, 10.1.1.1"], "198.51.100.1"),
        (["198.51.100.1", "10.1.1.1, 192.0.2.7"], "198.51.100.1"),
        (["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        (["1.1.1.1, 198.51.100.1, 10.1.1.1"], "198.51.100.1"),
        (["10.2.2.2, 10.1.1.1"], "10.2.2.2"),
        (["198.51.100.1:4711"], "198.51.100.1"),
        (["[2001:db8::1]:4711"], "2001:db8::/64"),
        (["[2001:db8::1]"], "2001:db8::/64"),
        (["::ffff:198.51.100.1"], "198.51.100.1"),
        (["fe80::1%eth0"], "fe80::/64"),
        ([], "10.0.0.1"),
    ],
)
def test_behind_trusted_proxies_the_last_address_that_nobody_trusts_counts(forwarded: list[str], origin: str) -> None:
    assert TRUSTED.client_address(request_scope("10.0.0.1", *forwarded)) == origin


@pytest.mark.parametrize(
    "last", ["", " ", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "x" * 9_000, "\xe9", "1.2.3.4/8"]
)
def test_what_is_no_address_hides_what_stands_before_it(last: str) -> None:
    assert TRUSTED.client_address(request_scope("10.0.0.1", f"198.51.100.1, {last}")) == "10.0.0.1"
    assert TRUSTED.client_address(request_scope("10.0.0.1", f"198.51.100.1, {last}, 10.1.1.1")) == "10.1.1.1"


def test_a_proxy_is_known_by_its_address_in_either_writing() -> None:
    assert TRUSTED.client_address(request_scope("::ffff:10.0.0.1", "198.51.100.1")) == "198.51.100.1"
    assert TRUSTED.client_address(request_scope("fd00::5", "198.51.100.1")) == "198.51.100.1"


def test_who_has_one_address_of_a_network_of_ipv6_has_them_all() -> None:
    origins = {TrustedProxies().client_address(request_scope(f"2001:db8:1:2:{last:x}::1")) for last in range(50)}

    assert origins == {"2001:db8:1:2::/64"}
    assert TrustedProxies().client_address(request_scope("2001:db8:1:3::1")) not in origins


def test_a_socket_without_addresses_counts_as_one() -> None:
    assert TrustedProxies().client_address(request_scope(None)) == TRUSTED.client_address(request_scope(None)) == "-"
