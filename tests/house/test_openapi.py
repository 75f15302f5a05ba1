import json
from pathlib import Path

from tests.api.response_assertions import offline_application

PUBLISHED = Path(__file__).parents[2] / "openapi" / "openapi.json"


def test_the_published_contract_is_the_one_served() -> None:
    served = offline_application().openapi()

    assert json.loads(PUBLISHED.read_text()) == json.loads(json.dumps(served)), "run `make openapi`"
