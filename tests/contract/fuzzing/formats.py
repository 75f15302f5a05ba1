"""Values for the formats of the contract that no generator knows, or draws too widely to be of use."""

from datetime import date

import schemathesis
from hypothesis import strategies

SHORTEST_RIDET, LONGEST_RIDET = 10**6, 10**7 - 1

schemathesis.openapi.format("date", strategies.dates(date(1950, 1, 1), date(2099, 12, 31)).map(date.isoformat))
schemathesis.openapi.format("siret", strategies.integers(SHORTEST_RIDET, LONGEST_RIDET).map(str))
