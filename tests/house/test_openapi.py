import json
from pathlib import Path

from app.api.application import create_application
from app.api.keys import Pepper
from app.api.service import Service
from app.persistence.database import open_database
from tests.clockwork import Clockwork

PUBLISHED = Path(__file__).parents[2] / "openapi" / "openapi.json"


def test_the_published_contract_is_the_one_served() -> None:
    service = Service(open_database("postgresql://nowhere/none"), Clockwork(), Pepper(("",)), "")

    served = create_application(service).openapi()

    assert json.loads(PUBLISHED.read_text()) == json.loads(json.dumps(served)), "run `make openapi`"
