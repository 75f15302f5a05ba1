import json
from pathlib import Path

from app.api.application import create_application
from app.api.http.application_state import ApplicationState
from app.api.identity.api_key_secrets import Pepper
from app.persistence.engine.database import open_database
from tests.fake_clock import FakeClock

PUBLISHED = Path(__file__).parents[2] / "openapi" / "openapi.json"


def test_the_published_contract_is_the_one_served() -> None:
    service = ApplicationState(open_database("postgresql://nowhere/none"), FakeClock(), Pepper(("",)), "")

    served = create_application(service).openapi()

    assert json.loads(PUBLISHED.read_text()) == json.loads(json.dumps(served)), "run `make openapi`"
