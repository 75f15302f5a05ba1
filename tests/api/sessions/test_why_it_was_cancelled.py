"""Every client reads all sessions; why one was cancelled is free text, and is not everybody's."""

import httpx

from tests.live_server import idempotency_headers
from tests.session_builders import a_session


def test_no_other_organisation_reads_why_a_session_was_cancelled(
    admin: httpx.Client, platform: httpx.Client, organisation: httpx.Client, histya: httpx.Client
) -> None:
    session = a_session(organisation)
    cancelled = organisation.post(
        f"/v1/sessions/{session}/cancellation", json={"motive": "La formatrice est souffrante"},
        headers=idempotency_headers(),
    )  # fmt: skip

    read = {client: client.get(f"/v1/sessions/{session}").json() for client in (admin, platform, organisation, histya)}
    listed = histya.get("/v1/sessions", params={"status": "cancelled"}).json()["data"]

    assert cancelled.status_code == 200
    assert {read[client]["cancellation_motive"] for client in (admin, platform, organisation)} == {
        "La formatrice est souffrante"
    }
    assert read[histya]["cancellation_motive"] is None
    assert read[histya]["status"] == "cancelled"
    assert [item["cancellation_motive"] for item in listed if item["id"] == session] == [None]
