"""The numbers that the guide and the contract give about webhooks are the constants of the code."""

import re
from datetime import timedelta
from html import unescape

import httpx
import pytest

from app.outbox import delivery_relay, retry_policy, webhook_sender
from app.outbox.retry_policy import LaneHealth
from app.persistence.schema.retention_periods import DELIVERIES_RETENTION
from app.use_cases.notifications.administer_webhook_endpoints import MAX_ENDPOINTS, OLD_SECRET_LIFETIME
from app.use_cases.notifications.redeliver_webhooks import MAX_RECOVERED
from tests.api.openapi.contract_requests import CONTRACT
from tests.fake_clock import MORNING
from tests.live_server import LiveServer

UNITS = (("h", timedelta(hours=1)), ("min", timedelta(minutes=1)), ("s", timedelta(seconds=1)))
NUMBERS = {1: "un", 3: "trois", 4: "quatre", 5: "cinq", 10: "dix", 16: "seize"}


def short(wait: timedelta) -> str:
    """`5 min`."""
    name, unit = next((name, unit) for name, unit in UNITS if not wait % unit)
    return f"{wait // unit} {name}"


def days(wait: timedelta) -> int:
    return round(wait / timedelta(days=1))


def pauses() -> list[str]:
    """The pauses of a receiver that fails every probe."""
    health, now, found = (
        LaneHealth(failures=retry_policy.FAILURE_THRESHOLD - 1, failing_since=MORNING),
        MORNING,
        list[timedelta](),
    )
    while not found or found[-1] < retry_policy.MAX_OPEN_TIME:
        health = health.after_failure(now)
        assert health.open_until is not None
        found.append(health.open_until - now)
        now = health.open_until
    return [short(pause) for pause in found]


SECONDS = f"2xx en moins de {webhook_sender.TOTAL_SECONDS:.0f} secondes"
*_, LAST = WAITS = [short(wait) for wait in retry_policy.RETRY_SCHEDULE[1:]]
FIRST_PAUSE, SECOND_PAUSE, THIRD_PAUSE, *_, LONGEST_PAUSE = pauses()
DAYS_OF_RETRIES = days(sum(retry_policy.RETRY_SCHEDULE, timedelta()))
OVERLOAD_SECONDS = retry_policy.OVERLOAD_DELAY.seconds
OVERLOADED = ", ".join(str(status) for status in sorted(webhook_sender.OVERLOADED))
CONTROL_HEADER = webhook_sender.CONTROL_HEADER.decode()
CONTROL_VALUES = [kind.decode() for kind in webhook_sender.CONTROL_KINDS]

GUIDE = (
    SECONDS,
    f"{NUMBERS[delivery_relay.LANE_CONCURRENCY]} livraisons à la fois au plus",
    f"Il essaie {NUMBERS[retry_policy.MAX_ATTEMPTS]} fois, sur {NUMBERS[DAYS_OF_RETRIES]} jours",
    f"aussitôt, puis après {', '.join(WAITS[:-1])} et {LAST}, à {retry_policy.JITTER_RATIO:.0%} près".replace(
        "%", " %"
    ),
    f"Retry-After est respecté jusqu’à {short(retry_policy.MAX_RETRY_AFTER)}",
    f"Après {OVERLOADED}, ou faute de réponse à temps, l’attente est d’au moins {OVERLOAD_SECONDS} s",
    f"après {retry_policy.FAILURE_THRESHOLD} échecs de suite : rien pendant {FIRST_PAUSE}",
    f"si elle échoue, {SECOND_PAUSE}, {THIRD_PAUSE}, jusqu’à {LONGEST_PAUSE}",
    f"aucune livraison n’a réussi depuis {days(retry_policy.WARNED_AFTER)} jour (failing)",
    f"qu’il ne reste que {days(retry_policy.NOTICE_PERIOD)} jour (last_day)",
    f"après {days(retry_policy.DISABLED_AFTER)} jours et {retry_policy.DISABLED_FROM_FAILURES} échecs",
    f"Une réponse {webhook_sender.GONE}, ou {CONTROL_HEADER}: {CONTROL_VALUES[0]} avec un échec",
    f"{CONTROL_HEADER}: {CONTROL_VALUES[1]} n’abandonne que cette livraison",
    f"Il garde le journal {days(DELIVERIES_RETENTION)} jours",
    f"Pendant {OLD_SECRET_LIFETIME // timedelta(hours=1)} heures, webhook-signature porte une signature par secret",
)
DOCUMENT = (
    SECONDS,
    f"{NUMBERS[MAX_ENDPOINTS]} au plus",
    f"abandonné après {NUMBERS[retry_policy.MAX_ATTEMPTS]} essais",
    f"après {NUMBERS[days(retry_policy.DISABLED_AFTER)]} jours d’échecs (`failing`)",
    f"Des échecs depuis {NUMBERS[days(retry_policy.WARNED_AFTER)]} jour (`failing`)",
    f"plus qu’{NUMBERS[days(retry_policy.NOTICE_PERIOD)]} jour avant la désactivation (`last_day`)",
    f"sur réponse {webhook_sender.GONE} (`gone`)",
    f"gardées {days(DELIVERIES_RETENTION)} jours",
    f"{MAX_RECOVERED:_} au plus à la fois".replace("_", " "),
    f"Pendant {OLD_SECRET_LIFETIME // timedelta(hours=1)} heures, chaque livraison porte deux signatures",
)


def flat(text: str) -> str:
    """On one line, with ordinary spaces."""
    return re.sub(r"\s+", " ", text)


@pytest.fixture(scope="module")
def guide(served: LiveServer) -> str:
    """The text that a reader sees."""
    page = httpx.get(f"{served.base_url}/guide").raise_for_status().text
    return flat(unescape(re.sub("<[^>]+>", "", page)))


@pytest.mark.parametrize("fact", GUIDE)
def test_the_guide_says_what_the_code_does(guide: str, fact: str) -> None:
    assert fact in guide


@pytest.mark.parametrize("fact", DOCUMENT)
def test_the_contract_says_what_the_code_does(fact: str) -> None:
    assert fact in flat(str(CONTRACT).replace("\\n", " "))
