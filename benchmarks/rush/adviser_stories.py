"""What advisers and those who act for them do in a story: the deeds that the shapes are made of."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from app.persistence.administration.client_role import Role
from app.seed.published_catalogue import LA_MEDNUM
from benchmarks.dataset import adviser_id
from benchmarks.rush.api_clients import ApiClient, ApiClients

MODULES = ("numerique-responsable", "cybersecurite", "intelligence-artificielle")
_CONTRACT = "00000000-0000-7000-9000-{:012x}"


@dataclass(frozen=True, slots=True)
class AdviserStory:
    """Of the adviser of this `number` in the dataset, on the civil day `today`."""

    clients: ApiClients
    number: int
    today: date

    @property
    def platform(self) -> ApiClient:
        return self.clients.next(Role.PLATFORM)

    @property
    def organisation(self) -> ApiClient:
        return self.clients.next(Role.TRAINING_ORGANISATION)

    def day_next_year(self, month: int) -> date:
        """A session's day: all those of next year draw on one right."""
        return date(self.today.year + 1, month, 1 + self.number % 28)

    async def register(self, module: str, day: date, *, expected: str) -> dict[str, Any]:
        """The registration, whose status must be as expected. Raise UnexpectedAnswerError."""
        body = {
            "adviser_id": adviser_id(self.number),
            "module_code": module,
            "training_organisation_id": str(LA_MEDNUM),
            "session": {"starts_on": str(day), "ends_on": str(day), "format": "remote"},
            "requested_on": str(min(day, self.today)),
            "regularisation": day <= self.today,
        }
        answer = await self.platform.ask("POST registration", "POST", "/v1/registrations", body, expected=(201,))
        return self._of_status("POST registration", answer.json, expected)

    async def read(self, registration: str, *, expected: str) -> str:
        """The ETag of a registration, whose status must be as expected. Raise UnexpectedAnswerError."""
        answer = await self.platform.ask("GET registration", "GET", f"/v1/registrations/{registration}")
        self._of_status("GET registration", answer.json, expected)
        return answer.header("ETag") or ""

    async def read_again(self, registration: str, etag: str) -> None:
        headers = {"If-None-Match": etag}
        path = f"/v1/registrations/{registration}"
        await self.platform.ask("GET registration, known", "GET", path, headers=headers, expected=(200, 304))

    async def read_training_record(self) -> None:
        path = f"/v1/advisers/{adviser_id(self.number)}/training-record"
        await self.platform.ask("GET training record", "GET", path)

    async def act(self, action: str, registration: str, body: dict[str, Any], *, expected: str) -> None:
        """An action under a registration, whose status must then be as expected. Raise UnexpectedAnswerError."""
        is_session = action == "attendance"
        client, kind = self.organisation if is_session else self.platform, f"POST {action}"
        answer = await client.ask(kind, "POST", f"/v1/registrations/{registration}/{action}", body)
        self._of_status(kind, answer.json, expected)

    async def move(self, registration: str, etag: str, day: date) -> None:
        body = {"session": {"starts_on": str(day), "ends_on": str(day)}}
        headers = {"If-Match": etag}
        await self.organisation.ask("PATCH registration", "PATCH", f"/v1/registrations/{registration}", body, headers)

    async def upload_contract(self) -> None:
        """The employer puts the file right."""
        path = f"/v1/contracts/{_CONTRACT.format(self.number)}"
        etag = (await self.platform.ask("GET contract", "GET", path)).header("ETag") or ""
        body = {"administrative_file": {"contract_uploaded_on": "2022-01-17"}}
        await self.platform.ask("PATCH contract", "PATCH", path, body, {"If-Match": etag})

    def _of_status(self, kind: str, registration: dict[str, Any], expected: str) -> dict[str, Any]:
        if registration["status"] != expected:
            raise self.clients.answers.refuse(
                kind, f"{registration['status']}, not {expected}: {registration['decision']}"
            )
        return registration
