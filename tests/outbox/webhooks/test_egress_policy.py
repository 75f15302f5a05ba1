"""Nothing is delivered to a machine that only its neighbours may reach, whatever its name says and whenever."""

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.outbox.egress_filter import BlockedAddressError, EgressBackend, HostResolver, UnknownHostError
from app.outbox.webhook_sender import WebhookSender
from app.persistence.engine.secrets.secret_box import SecretBox
from app.use_cases.notifications.egress_policy import EgressPolicy, EgressRefused, is_public_address
from tests.fake_clock import MORNING
from tests.outbox.webhooks.webhook_builders import SECRETS, claimed_delivery
from tests.outbox.webhooks.webhook_receiver import Receiver, running_receiver

HOSTILE = (
    # This machine and this network.
    "0.0.0.0", "0.1.2.3",  # noqa: S104  # nothing is bound to it
    "127.0.0.1", "127.0.0.53", "127.255.255.254", "::", "::1",
    # Private and shared networks.
    "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255", "100.64.0.1",
    "100.127.255.255", "fc00::1", "fd00:ec2::254", "fdff:ffff::1", "fec0::1",
    # Link local: metadata of clouds first.
    "169.254.169.254", "169.254.170.2", "169.254.0.1", "fe80::1", "fe80::a9fe:a9fe", "fe80::1%eth0",
    "100.100.100.200", "192.0.0.192",
    # IPv4 in IPv6's clothes.
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::7f00:1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::808:808", "64:ff9b:1::a00:1", "2002:7f00:1::",
    "2002:a9fe:a9fe::1", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001::1", "2001:20::1",
    # For documents, tests and protocols.
    "192.0.0.1", "192.0.0.8", "192.0.2.1", "198.51.100.7", "203.0.113.9", "198.18.0.1", "198.19.255.255",
    "192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.1", "2001:db8::1", "3fff::1", "100::1", "2001:2::1",
    "5f00::1",
    # Many machines at once, or none.
    "224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1", "ff02::1", "ff0e::1", "4000::1", "e000::1",
)  # fmt: skip
PUBLIC = (
    "8.8.8.8", "1.1.1.1", "185.24.184.1", "93.184.215.14", "172.15.255.255", "172.32.0.1", "100.63.255.255",
    "100.128.0.1", "169.253.255.255", "192.0.1.1", "198.17.255.255", "198.20.0.1", "223.255.255.255", "11.0.0.1",
    "2606:4700:4700::1111", "2a00:1450:4007::1", "2001:4860:4860::8888", "2620:fe::fe",
)  # fmt: skip

# The same machine, as no reader of addresses expects it: the system's resolver understands them all.
DISGUISED = ("localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "0")

# No name server is asked for them: a part too long or empty, too long as a whole.
NO_NAMES = (
    f"{'a' * 64}.example", f"hooks.{'b' * 70}", "coop..example", ".example", ".".join(["c" * 50] * 6),
)  # fmt: skip


@pytest.mark.parametrize("address", HOSTILE)
def test_an_address_for_neighbours_is_not_public(address: str) -> None:
    assert not is_public_address(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_for_everybody_is_public(address: str) -> None:
    assert is_public_address(ip_address(address))


@pytest.mark.parametrize("address", HOSTILE)
def test_it_is_not_an_address_to_deliver_to_either(address: str) -> None:
    host = f"[{address}]" if ":" in address else address

    with pytest.raises(EgressRefused):
        EgressPolicy().check(f"https://{host}/hooks")


class DeadNetwork(httpcore2.AsyncNetworkBackend):
    """Leads nowhere, and remembers where to."""

    def __init__(self) -> None:
        self.connected_to: list[str] = []

    async def connect_tcp(self, host: str, *_: Any, **__: Any) -> httpcore2.AsyncNetworkStream:
        self.connected_to.append(host)
        raise httpcore2.ConnectError("nobody there")


def answering(*answers: list[str], network: DeadNetwork | None = None) -> EgressBackend:
    """Names are resolved to these, the last one for ever."""
    left = [*answers]

    async def resolve(_: str, __: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return EgressBackend(EgressPolicy(), resolve, network)


@pytest.mark.parametrize("address", HOSTILE)
async def test_a_name_that_stands_for_one_is_not_connected_to(address: str) -> None:
    with pytest.raises(BlockedAddressError):
        await answering([address]).connect_tcp("innocent.example", 443, timeout=1)


@pytest.mark.parametrize("addresses", [["8.8.8.8", "127.0.0.1"], ["2606:4700:4700::1111", "169.254.169.254"]])
async def test_nor_is_a_name_that_stands_for_one_among_others(addresses: list[str]) -> None:
    with pytest.raises(BlockedAddressError):
        await answering(addresses).connect_tcp("innocent.example", 443, timeout=1)


@pytest.mark.parametrize("host", DISGUISED)
async def test_a_disguise_is_seen_through(host: str) -> None:
    resolver = HostResolver()
    try:
        async with running_receiver() as receiver:
            port = int(receiver.url.split(":")[2].split("/")[0])
            with pytest.raises(BlockedAddressError):
                await EgressBackend(EgressPolicy(), resolver).connect_tcp(host, port, timeout=5)
    finally:
        resolver.close()
    assert receiver.received == []


async def test_a_name_is_resolved_once_and_what_was_looked_at_is_connected_to() -> None:
    """A rebinding name: public when it is looked at, this machine the next time anybody asks."""
    network = DeadNetwork()
    backend = answering(["93.184.215.14"], ["127.0.0.1"], network=network)

    with pytest.raises(httpcore2.ConnectError):
        await backend.connect_tcp("rebinding.example", 443, timeout=1)
    assert network.connected_to == ["93.184.215.14"]

    with pytest.raises(BlockedAddressError):
        await backend.connect_tcp("rebinding.example", 443, timeout=1)
    assert network.connected_to == ["93.184.215.14"]


async def test_red_run_checked_beforehand_a_rebinding_name_gets_through() -> None:
    """Looked at first, and resolved again by whoever connects: what a check outside the network backend does."""
    network = DeadNetwork()
    names = answering(["93.184.215.14"], ["127.0.0.1"])._resolve  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # the same names
    assert all(is_public_address(ip_address(address)) for address in await names("rebinding.example", 443))

    with pytest.raises(httpcore2.ConnectError):
        await EgressBackend(EgressPolicy(allows_anything=True), names, network).connect_tcp(
            "rebinding.example", 443, timeout=1
        )

    assert network.connected_to == ["127.0.0.1"]


@pytest.mark.parametrize("resolved", [OSError("no such name"), UnicodeError("label too long"), list[str]()])
async def test_a_name_without_an_address_is_unknown(resolved: Exception | list[str]) -> None:
    async def resolve(_: str, __: int) -> list[str]:
        if isinstance(resolved, Exception):
            raise resolved
        return resolved

    with pytest.raises(UnknownHostError):
        await EgressBackend(EgressPolicy(), resolve).connect_tcp("nowhere.example", 443, timeout=1)


async def test_a_name_that_is_never_resolved_takes_no_longer_than_a_connection() -> None:
    async def resolve(_: str, __: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    with pytest.raises(httpcore2.ConnectTimeout):
        await EgressBackend(EgressPolicy(), resolve).connect_tcp("slow.example", 443, timeout=0.1)


async def test_an_address_that_leads_nowhere_does_not_hide_the_next_one() -> None:
    async with running_receiver() as receiver:
        port = int(receiver.url.split(":")[2].split("/")[0])

        async def resolve(_: str, __: int) -> list[str]:
            return ["::1", "127.0.0.1"]

        stream = await EgressBackend(EgressPolicy(allows_anything=True), resolve).connect_tcp(
            "two.example", port, timeout=5
        )
        await stream.aclose()


@asynccontextmanager
async def sending(reach: EgressPolicy, trust: ssl.SSLContext | None = None) -> AsyncGenerator[WebhookSender]:
    sender = WebhookSender(SecretBox(SECRETS), reach, trust)
    try:
        yield sender
    finally:
        await sender.close()


@pytest.mark.parametrize(
    "url", ["http://innocent.example/", "https://innocent.example:8080/", "https://10.0.0.1/", "https://localhost/"]
)
async def test_what_was_stored_before_it_was_forbidden_is_not_sent(url: str) -> None:
    async with sending(EgressPolicy()) as send:
        outcome = await send(claimed_delivery(url))

    assert outcome.result.error == "blocked-address"
    assert outcome.failure is not None


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        running_receiver() as proxy,
        running_receiver() as receiver,
        sending(EgressPolicy(allows_anything=True)) as send,
    ):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)

        outcome = await send(claimed_delivery(receiver.url))

    assert outcome.failure is None
    assert (len(proxy.received), len(receiver.received)) == (0, 1)


async def test_a_name_nobody_has_is_said_so() -> None:
    async with sending(EgressPolicy()) as send:
        outcome = await send(claimed_delivery("https://nobody-has-this-name.invalid/hooks"))

    assert outcome.result.error == "unknown-name"


@pytest.mark.parametrize("name", NO_NAMES)
async def test_a_name_that_nobody_can_be_asked_for_is_unknown_to_the_system_s_resolver(name: str) -> None:
    resolver = HostResolver()

    with pytest.raises(UnknownHostError):
        await EgressBackend(EgressPolicy(allows_anything=True), resolver).connect_tcp(name, 443, timeout=5)
    resolver.close()


@pytest.mark.parametrize("name", NO_NAMES)
@pytest.mark.parametrize("reach", [EgressPolicy(), EgressPolicy(allows_anything=True)])
async def test_a_delivery_there_fails_like_another(name: str, reach: EgressPolicy) -> None:
    """What was stored before it was refused."""
    async with sending(reach) as send:
        outcome = await send(claimed_delivery(f"https://{name}/hooks"))

    assert (outcome.result.status, outcome.result.error) == (None, "unknown-name")
    assert outcome.failure is not None


@pytest.mark.parametrize("name", [f"{'a' * 63}.example", "coop.example.", "127.0.0.1", "[2a00:1450:4007::1]"])
def test_a_name_may_be_as_long_as_names_are(name: str) -> None:
    EgressPolicy(allows_anything=True).check(f"https://{name}/hooks")


def certified(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server called so shows, and what trusts it."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(MORNING - timedelta(days=3650))
        .not_valid_after(MORNING + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pair = folder / f"{name}.pem"
    pair.write_bytes(public + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pair)
    return server, ssl.create_default_context(cadata=public.decode())


def port_of(receiver: Receiver) -> str:
    return receiver.url.split(":")[2].split("/")[0]


async def test_the_certificate_is_asked_of_the_name_and_the_name_is_sent(tmp_path: Path) -> None:
    server, trust = certified("localhost", tmp_path)
    async with running_receiver(tls=server) as receiver, sending(EgressPolicy(allows_anything=True), trust) as send:
        outcome = await send(claimed_delivery(f"https://localhost:{port_of(receiver)}/hooks"))

    assert outcome.failure is None
    assert receiver.received[0].headers["host"] == f"localhost:{port_of(receiver)}"


async def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    server, trust = certified("elsewhere.example", tmp_path)
    async with running_receiver(tls=server) as receiver, sending(EgressPolicy(allows_anything=True), trust) as send:
        outcome = await send(claimed_delivery(f"https://localhost:{port_of(receiver)}/hooks"))

    assert outcome.result.error == "tls"
    assert receiver.received == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    server, _ = certified("localhost", tmp_path)
    async with running_receiver(tls=server) as receiver, sending(EgressPolicy(allows_anything=True)) as send:
        outcome = await send(claimed_delivery(f"https://localhost:{port_of(receiver)}/hooks"))

    assert outcome.result.error == "tls"
    assert receiver.received == []


async def test_an_answer_that_is_not_encrypted_breaks_the_connection(tmp_path: Path) -> None:
    server, trust = certified("localhost", tmp_path)

    async def in_the_clear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        os.write(writer.get_extra_info("socket").fileno(), b"HTTP/1.1 204 No Content\r\n\r\n")
        with suppress(OSError):
            await reader.read()
        writer.close()

    listening = await asyncio.start_server(in_the_clear, "localhost", 0, ssl=server)
    async with listening, sending(EgressPolicy(allows_anything=True), trust) as send:
        outcome = await send(claimed_delivery(f"https://localhost:{listening.sockets[0].getsockname()[1]}/hooks"))

    assert (outcome.result.status, outcome.result.error) == (None, "broken-connection")
