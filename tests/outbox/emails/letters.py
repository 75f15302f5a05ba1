"""What each e-mail says in each situation, as it is read: one file for each event, to be read aloud when it changes.

`python -m tests.outbox.emails.letters` writes them again. The rules and how to contest, which all have, are left out.
"""

from pathlib import Path

from app.domain.events import EventType
from tests.outbox.emails.email_cases import (
    COMMON_SITUATIONS,
    PROMISED_EMAILS,
    SITUATIONS,
    a_row,
    email_for,
    recipients_of,
)

FOLDER = Path(__file__).parent / "letters"


def letters_of(event_type: EventType) -> str:
    """All that is said of this event, to each of its readers; a situation that changes no word is left out."""
    said: list[str] = []
    for recipient in (reader for kind, reader in PROMISED_EMAILS if kind is event_type):
        seen: set[str] = set()
        for situation, changed in {**COMMON_SITUATIONS, **SITUATIONS.get(event_type, {})}.items():
            if recipient not in recipients_of(a_row(event_type, recipient, **changed)):
                continue
            letter = email_for(event_type, recipient, **changed)
            text = f"{letter.subject}\n\n{letter.text.partition('SUR QUELLE RÈGLE')[0].strip()}"
            if text not in seen:
                said.append(f"===== {recipient}: {situation}\n\n{text}\n")
            seen.add(text)
    return "\n\n".join(said).replace("\u00a0", " ")


def file_of(event_type: EventType) -> Path:
    return FOLDER / f"{event_type}.txt"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for told in {kind for kind, _ in PROMISED_EMAILS}:
        file_of(told).write_text(letters_of(told))
