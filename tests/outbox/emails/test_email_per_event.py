"""Each e-mail of section 9, brought about over HTTP and written from what the database knows."""

import asyncio

import httpx

from app.persistence.engine.database import open_database
from app.persistence.engine.driver_types import Row
from app.persistence.outbox.messages import newest_letters
from app.seed.published_catalogue import LA_MEDNUM
from app.use_cases.advisers.remind_advisers import remind
from app.use_cases.notifications.sequence_events import sequence
from tests.api.registration_states import act, attended, initial, move, refused, upcoming
from tests.fake_clock import MORNING
from tests.http_builders import a_contract, adviser_body, an_adviser_in_post
from tests.live_server import Served
from tests.outbox.emails.email_cases import PROMISED, check_french
from tests.outbox.emails.personal_links import over_quota
from tests.outbox.emails.smtp_server import WRITER


async def _written(url: str) -> list[Row]:
    """The letters of a database whose worker looks once at every adviser, and once at the outbox."""
    database = open_database(url, pool_size=2)
    while await remind(database, MORNING):
        pass
    while await sequence(database, MORNING):
        pass
    rows = await newest_letters(database, 1000)
    await database.close()
    return rows


def _bring_everything_about(client: httpx.Client) -> None:
    waiting = over_quota(client)
    act(client, waiting, "choice", choice="keep", payer="employer").raise_for_status()
    act(client, waiting, "cancellation").raise_for_status()
    waiting = over_quota(client)
    query = {"adviser_id": waiting["adviser_id"], "status": "accepted"}
    act(client, client.get("/v1/registrations", params=query).json()["data"][0], "cancellation").raise_for_status()
    regularised = refused(client)
    a_contract(client, regularised["adviser_id"])
    act(client, regularised, "re-examination").raise_for_status()
    move(client, upcoming(client), starts_on="2026-10-06", ends_on="2026-10-07").raise_for_status()
    for outcome in ("completed", "absent_justified", "absent_unjustified"):
        attended(client, outcome)
    act(client, initial(client), "positioning-test", taken_on="2025-05-01", hours=175).raise_for_status()
    adviser = an_adviser_in_post(client)
    report = {"bucket": "civil_year:2025", "units": 1, "motive": "Congé maternité"}
    client.post(f"/v1/advisers/{adviser}/carry-overs", json=report).raise_for_status()
    result = {"adviser_id": adviser, "qualification": "pix", "outcome": "failed", "on": "2026-05-04"}
    client.post("/v1/certifications", json=result | {"training_organisation_id": str(LA_MEDNUM)}).raise_for_status()
    body = adviser_body()
    gone = client.post("/v1/advisers", json=body).raise_for_status().json()["id"]
    client.delete(f"/v1/advisers/{gone}", headers={"If-Match": "*"}).raise_for_status()
    client.post("/v1/advisers", json=body).raise_for_status()


def test_each_is_written_from_what_is_known(demonstrated: Served) -> None:
    with demonstrated.client("admin") as admin:
        _bring_everything_about(admin)

    rows = asyncio.run(_written(demonstrated.database_url))

    assert {(row["type"], row["recipient"]) for row in rows} == {*PROMISED}
    for row in rows:
        check_french(WRITER.written(row))
