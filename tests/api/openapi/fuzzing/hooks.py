"""Values for the formats that no generator knows or draws too widely, and what is not sent."""

from datetime import date

import schemathesis
from hypothesis import strategies

SHORTEST_RIDET, LONGEST_RIDET = 10**6, 10**7 - 1
LONGEST_ADDRESS = 60_000  # the server's parser refuses a longer one by itself, before there is a request to answer

schemathesis.openapi.format("date", strategies.dates(date(1950, 1, 1), date(2099, 12, 31)).map(date.isoformat))
schemathesis.openapi.format("siret", strategies.integers(SHORTEST_RIDET, LONGEST_RIDET).map(str))


@schemathesis.serializer("application/x-ndjson")
def as_lines(context: schemathesis.SerializationContext, value: object) -> bytes:
    """A text is sent as it is."""
    del context
    return value if isinstance(value, bytes) else str(value).encode(errors="replace")


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case) -> bool:
    """Whether to send it."""
    del context
    return len(case.as_transport_kwargs()["url"]) + len(str(case.query)) * 6 < LONGEST_ADDRESS
