"""All that the service logs while the suite runs, in this process and in those the tests start."""

import re
import tempfile
from pathlib import Path

from app.seed.people_by_entitlement import PEOPLE_BY_ENTITLEMENT
from app.seed.people_by_refusal import PEOPLE_BY_REFUSAL

LOGS = Path(tempfile.mkdtemp(prefix="registrations-logs-"))
STREAM = LOGS.joinpath("suite.log").open("a", encoding="utf-8")  # for the life of the process

# A name of the demonstration or of the tests' own people, any e-mail address, any key, any password in an address, any
# personal link.
_NAMES = sorted({name for person in (*PEOPLE_BY_ENTITLEMENT, *PEOPLE_BY_REFUSAL) for name in person.name.split()})
PERSONAL = re.compile(
    rf"@|insc_\w{{12}}_|answer/[\w-]{{43}}|\b(?:Camille|Exemple|{'|'.join(map(re.escape, _NAMES))})\b"
)


def personal_lines() -> list[str]:
    STREAM.flush()
    books = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(LOGS.glob("*.log")))
    return [line for book in books for line in book.splitlines() if PERSONAL.search(line)]
