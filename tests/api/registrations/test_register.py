import httpx

from tests.http_builders import an_adviser_in_post, register


def test_a_registration_that_the_rules_admit_is_funded(platform: httpx.Client) -> None:
    adviser_id = an_adviser_in_post(platform)

    answer = register(platform, adviser_id)

    assert answer.status_code == 201
    assert answer.json()["entitlement"] == "civil_year:2025"
    assert answer.headers["Location"] == answer.json()["links"]["self"]
    assert answer.headers["ETag"] == '"1"'
