"""The organisation's path over HTTP, on its whole length: publish, fourteen registrations on twelve seats, confirm, a
cancellation that frees a seat, the days themselves, attendance, statistics."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from app.outbox.session_loop import do_session_work
from app.persistence.engine.database import open_database
from tests.api.response_assertions import expect_problem
from tests.http_builders import an_adviser_in_post
from tests.live_server import PEPPER, LiveServer, idempotency_headers

FIRST_DAY, LAST_DAY = "2026-09-14", "2026-09-15"
PUBLISHED = {
    "module_code": "parentalite-numerique",
    "reference": "JOURNEE-1",
    "starts_on": FIRST_DAY,
    "ends_on": LAST_DAY,
    "format": "on_site",
    "place": {"name": "Salle de l’Exemple", "address": None, "department": "35"},
    "seats": {"minimum": 6, "maximum": 12},
}
Body = dict[str, Any]


class Day:
    """One session, through the eyes of its organisation; `served` has its clock."""

    def __init__(self, served: LiveServer, client: httpx.Client) -> None:
        self._served, self._client = served, client
        self.id = self.post("/v1/sessions", PUBLISHED)["id"]

    def post(self, address: str, body: Body | None = None) -> Body:
        answer = self._client.post(address, json=body or {}, headers=idempotency_headers())
        found: Body = answer.raise_for_status().json()
        return found

    def read(self) -> Body:
        found: Body = self._client.get(f"/v1/sessions/{self.id}").raise_for_status().json()
        return found

    def roster(self) -> list[Body]:
        data: list[Body] = self._client.get(f"/v1/sessions/{self.id}/roster").raise_for_status().json()["data"]
        return data

    def register(self, adviser: str) -> Body:
        return self.post("/v1/registrations", {"adviser_id": adviser, "session_id": self.id})

    def record(self, lines: list[Body]) -> list[Body]:
        answer = self._client.post(f"/v1/sessions/{self.id}/attendance", json={"data": lines})
        data: list[Body] = answer.raise_for_status().json()["data"]
        return data

    def work(self) -> None:
        """What a worker does, until nothing is left."""

        async def until_done() -> None:
            database = open_database(self._served.database_url, pool_size=4, secrets=PEPPER.secrets)
            while await do_session_work(database, self._served.clock.now):
                pass
            await database.close()

        asyncio.run(until_done())


def test_a_session_is_published_filled_confirmed_held_and_counted(own_service: LiveServer) -> None:
    with own_service.client("training_organisation") as organisation, own_service.client("platform") as platform:
        day = Day(own_service, organisation)
        registered = [day.register(an_adviser_in_post(platform)) for _ in range(14)]

        assert [each["seat"]["status"] for each in registered] == ["seated"] * 12 + ["waiting"] * 2
        assert [each["seat"]["place"] for each in registered[12:]] == [1, 2]
        assert day.read()["status"] == "full"

        asked = day.post(f"/v1/sessions/{day.id}/confirmation")
        assert (asked["concerned"], asked["done"]) == (12, 0)
        day.work()
        assert day.read()["progress"]["done"] == 12

        day.post(f"/v1/registrations/{registered[0]['id']}/cancellation", {"motive": "Nécessité de service"})
        day.work()
        first_to_wait = platform.get(f"/v1/registrations/{registered[12]['id']}").json()
        assert first_to_wait["seat"] == {"status": "seated", "place": None}
        assert day.read()["seats"] | {"taken": 12, "waiting": 1} == day.read()["seats"]

        own_service.clock.now = datetime.fromisoformat(f"{LAST_DAY}T16:00:00+00:00").astimezone(UTC)
        day.work()
        last = platform.get(f"/v1/registrations/{registered[13]['id']}").json()
        assert (last["status"], last["seat"]) == ("cancelled", None)
        people = [line["registration_id"] for line in day.roster() if line["seat"] is not None]
        recorded = day.record([{"registration_id": each, "outcome": "completed"} for each in people])
        assert [line["status"] for line in recorded] == ["completed"] * 12

        own_service.clock.now += timedelta(days=1)
        assert day.read()["status"] == "held"
        counted = organisation.get("/v1/statistics/sessions", params={"from": FIRST_DAY, "to": FIRST_DAY}).json()
        (line,) = counted["data"]
        assert (line["published"], line["held"], line["seats"], line["filled"]) == (1, 1, 12, 12)


def test_whoever_polls_is_told_of_every_seat_and_whoever_writes_does_not_lose_against_one(
    own_service: LiveServer,
) -> None:
    with own_service.client("training_organisation") as organisation, own_service.client("platform") as platform:
        day = Day(own_service, organisation)
        address = f"/v1/sessions/{day.id}"
        before = organisation.get(address).headers["ETag"]
        day.register(an_adviser_in_post(platform))

        assert organisation.get(address, headers={"If-None-Match": before}).status_code == 200
        more_seats = organisation.patch(address, json={"seats": {"maximum": 14}}, headers={"If-Match": before})
        assert more_seats.status_code == 200
        again = organisation.patch(address, json={"seats": {"maximum": 15}}, headers={"If-Match": before})
        expect_problem(again, 412, "precondition-failed")
