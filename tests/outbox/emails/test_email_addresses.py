"""One check of addresses at both ends: what is accepted can be sent to; a refusal names the character."""

from datetime import UTC, datetime

import pytest
from aiosmtplib import SMTP
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from app.settings import Settings
from app.wording.email_addresses import (
    MAX_ADDRESS_LENGTH,
    MAX_LABEL_LENGTH,
    MAX_LOCAL_PART_LENGTH,
    InvalidEmailAddress,
    Mailbox,
    parse_mailbox,
)
from app.wording.emails.emails import RenderedEmail
from tests.outbox.emails.smtp_server import COMPOSER, running_smtp_server

LONGEST_DOMAIN = ".".join(
    ["d" * MAX_LABEL_LENGTH, "e" * MAX_LABEL_LENGTH, "f" * (MAX_ADDRESS_LENGTH - MAX_LOCAL_PART_LENGTH - 1 - 2 * 64)]
)
ATOMS = st.text("abcXYZ019!#$%&'*+-/=?^_`{|}~", min_size=1, max_size=20)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True) | st.text(
    "éèçœßñøżčд語", min_size=1, max_size=9
)
PLAUSIBLE = st.tuples(
    st.lists(ATOMS, min_size=1, max_size=4).map(".".join), st.lists(LABELS, min_size=2, max_size=4).map(".".join)
).map("@".join)
ANYTHING = st.text(st.characters(codec="utf-8") | st.sampled_from('@.,;<>" ()[]\\'), max_size=30)


def why_not(address: str) -> str | None:
    """The French sentence of the refusal of this address."""
    try:
        parse_mailbox(address)
    except InvalidEmailAddress as problem:
        return problem.reason.fr
    return None


async def _delivered(address: str) -> tuple[list[str], list[str]]:
    """The recipient that a real server was given, and the one in the header of the message that it received."""
    email = RenderedEmail(address, "support@example.org", "Bonjour", "Bonjour", "<p>Bonjour</p>")
    message = COMPOSER.to_message(email, address, "<1@example.org>", datetime(2026, 6, 15, tzinfo=UTC))
    async with running_smtp_server() as smtp_server:
        smtp_server.supports_smtputf8 = False
        async with SMTP(hostname="127.0.0.1", port=smtp_server.port, start_tls=False) as client:
            await client.send_message(message)
    return smtp_server.recipients, [
        one.addr_spec for received in smtp_server.received for one in received["To"].addresses
    ]


@settings(max_examples=80, deadline=None)
@given(PLAUSIBLE | ANYTHING)
@example(f"{'a' * MAX_LOCAL_PART_LENGTH}@{LONGEST_DOMAIN}")
@example(f"{'.'.join('abcd' * 8)}@{'.'.join('wxyz' * 20)}.fr")
@example("o'brien+formation@médiation-numérique.fr")
@example("jean.dupont@straße.example")
async def test_a_message_can_be_sent_to_whatever_address_is_taken(address: str) -> None:
    try:
        found = parse_mailbox(address)
    except InvalidEmailAddress:
        assume(False)  # noqa: FBT003  # hypothesis has it so
        raise

    assert await _delivered(address) == ([f"{found.local}@{found.domain}"],) * 2


async def test_without_the_check_a_message_goes_to_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The red run of the test above."""

    def believed(address: str, **_: bool) -> Mailbox:
        return Mailbox(*address.split("@"))

    monkeypatch.setattr("app.outbox.email_composer.parse_mailbox", believed)

    assert await _delivered("=?utf-8?q?jean?=@exemple.fr") == (["jean@exemple.fr"],) * 2


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("jean.dupont", "comme nom@exemple.fr"),
        ("@exemple.fr", "comme nom@exemple.fr"),
        ("Jean <jean@exemple.fr>", "ne peut pas contenir « espace » « < »."),
        ("<jean@exemple.fr", "ne peut pas contenir « < »."),
        ("jean@exemple.fr>", "ne peut pas contenir « > »."),
        ("jean@exemple.fr,", "ne peut pas contenir « , »."),
        ("jean@exemple.fr;", "ne peut pas contenir « ; »."),
        ("jean dupont@exemple.fr", "ne peut pas contenir « espace »."),
        ('"jean dupont"@exemple.fr', 'ne peut pas contenir « " » « espace ».'),
        ("jean(dsi)@exemple.fr", "ne peut pas contenir « ( » « ) »."),
        ("jean@exemple.fr\nBcc: x", "« U+000A »"),
        ("jean\u200b@exemple.fr", "« U+200B »"),
        ("jean\u00a0dupont@exemple.fr", "« U+00A0 »"),
        ("hélène@exemple.fr", "Avant le « @ », une adresse ne peut pas contenir « é » « è »."),
        ("=?utf-8?q?jean?=@exemple.fr", "ne peut pas contenir « =? »."),
        ("jean@exemple.fr; paul@exemple.fr", "Une seule adresse"),
        ("jean@exemple.fr/paul@exemple.fr", "Une seule adresse"),
        ("jean@exemple.fr, paul@exemple.fr", "Une seule adresse"),
        ("jean@@exemple.fr", "Une seule adresse"),
        (".jean@exemple.fr", "Un point de trop"),
        ("jean.@exemple.fr", "Un point de trop"),
        ("jean..dupont@exemple.fr", "Un point de trop"),
        ("jean@.exemple.fr", "Un point de trop"),
        ("jean@exemple..fr", "Un point de trop"),
        ("jean@exemple.fr.", "Un point de trop"),
        ("jean@exemple", "un nom de domaine entier"),
        ("jean@", "un nom de domaine entier"),
        ("jean@192.168.0.1", "un nom de domaine entier"),
        ("jean@[192.168.0.1]", "ne peut pas contenir « [ » « ] »."),
        ("jean@-exemple.fr", "sans trait d’union au début"),
        ("jean@exemple-.fr", "sans trait d’union au début"),
        ("jean@exem_ple.fr", "ne peut pas contenir « _ »."),
        (f"jean@{'e' * 64}.fr", "de 1 à 63 caractères"),
        (f"{'j' * 65}@exemple.fr", "Au plus 64 caractères"),
        (f"jean@{'e' * 63}.{'x' * 63}.{'m' * 63}.{'p' * 63}.fr", "au plus 254 caractères"),
        ("jean@exemple。fr", "ne peut pas contenir « 。 »."),
        ("jean@a\u0301\u0301é\u0640.fr", "Aucun nom de domaine"),
        ("jean@☃.fr", "ne peut pas contenir « ☃ »."),
        (f"jean@{'é' * 60}.fr", "Aucun nom de domaine"),
    ],
)  # fmt: skip
def test_what_is_in_the_way_is_named(address: str, said: str) -> None:
    assert said in str(why_not(address))


def test_a_domain_beyond_ascii_is_the_one_that_was_typed() -> None:
    """`ß` is a letter of its own since 2010, also under .fr: the older rules would send to strasse.example."""
    assert parse_mailbox("jean@STRASSE.example").domain == "STRASSE.example"
    assert parse_mailbox("jean@straße.example").domain == "xn--strae-oqa.example"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("support_email", "a@example.org."),
        ("support_email", "a@example.org, b@example.org"),
        ("mail_from", "Inscriptions <a@example.org.>"),
        ("mail_from", "a@example.org, b@example.org"),
        ("mail_from", "a@example.org <b@example.org>"),
        ("mail_from", "A, B <a@example.org>"),
    ],
)
def test_our_own_addresses_go_through_the_same_check(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"adresse|point de trop"):
        Settings.model_validate({name: value})
