"""The words of every e-mail, for each of its readers in each situation, are those that were read aloud."""

import pytest

from app.domain.events import EventType
from tests.outbox.emails.email_cases import PROMISED_EMAILS
from tests.outbox.emails.letters import FOLDER, file_of, letters_of

TOLD = sorted({event_type for event_type, _ in PROMISED_EMAILS})


@pytest.mark.parametrize("event_type", TOLD)
def test_it_says_what_was_read_aloud(event_type: EventType) -> None:
    """Otherwise read it, and run `python -m tests.outbox.emails.letters`."""
    assert letters_of(event_type) == file_of(event_type).read_text()


def test_there_is_no_other() -> None:
    assert {*FOLDER.iterdir()} == {file_of(event_type) for event_type in TOLD}
