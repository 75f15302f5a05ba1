"""All that the service logs while the suite runs, in this process and in those the tests start."""

import re
import tempfile
from pathlib import Path

from app.seed.scenarios.people_by_entitlement import PEOPLE_BY_ENTITLEMENT
from app.seed.scenarios.people_by_refusal import PEOPLE_BY_REFUSAL

LOG_FOLDER = Path(tempfile.mkdtemp(prefix="registrations-logs-"))
SUITE_LOG = LOG_FOLDER.joinpath("suite.log").open("a", encoding="utf-8")  # for the life of the process

# A name of the demonstration or of the tests' own people, any e-mail address, any key, any password in an address, any
# personal link.
_NAMES = sorted({name for person in (*PEOPLE_BY_ENTITLEMENT, *PEOPLE_BY_REFUSAL) for name in person.name.split()})
PERSONAL_DATA = re.compile(
    rf"@|insc_\w{{12}}_|answer/[\w-]{{43}}|\b(?:Camille|Exemple|{'|'.join(map(re.escape, _NAMES))})\b"
)


def lines_with_personal_data() -> list[str]:
    SUITE_LOG.flush()
    log_texts = (path.read_text(encoding="utf-8", errors="replace") for path in sorted(LOG_FOLDER.glob("*.log")))
    return [line for book in log_texts for line in book.splitlines() if PERSONAL_DATA.search(line)]
