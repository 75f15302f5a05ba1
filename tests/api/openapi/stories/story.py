"""The same story as story.ts, told by the Python client that is generated from the contract."""

import json
import os
from datetime import date
from http import HTTPStatus
from typing import TypeVar
from uuid import UUID, uuid4

from inscriptions import AuthenticatedClient
from inscriptions.api.conseillers import add_adviser
from inscriptions.api.contrats import add_contract
from inscriptions.api.inscriptions import (
    choose_over_quota,
    get_registration,
    list_registrations,
    preview_registration,
    register_adviser,
)
from inscriptions.models import (
    AdministrativeFileBody,
    AdviserRequest,
    AdviserResource,
    Choice,
    ChoiceRequest,
    ChosenPayer,
    ContractRequest,
    ContractResource,
    ContractType,
    EmployerBody,
    InitialTrainingBody,
    LegalForm,
    PreviewResource,
    ProblemResource,
    RegistrationPage,
    RegistrationRequest,
    RegistrationResource,
    SessionBody,
    SessionFormat,
)
from inscriptions.types import UNSET, Unset

T = TypeVar("T")

client = AuthenticatedClient(base_url=os.environ["BASE_URL"], token=os.environ["KEY"])
organisation = UUID(os.environ["TRAINING_ORGANISATION"])


def found(kind: type[T], answer: object) -> T:
    """The answer, when it is of this kind. Raise AssertionError."""
    assert isinstance(answer, kind), answer
    return answer


def key() -> str:
    return str(uuid4())


training = InitialTrainingBody(entered_on=date(2022, 3, 14), ended_on=date(2022, 6, 3))
newcomer = AdviserRequest(first_name="Camille", last_name="Exemple", department="35", initial_training=training)
adviser = found(AdviserResource, add_adviser.sync(client=client, body=newcomer, idempotency_key=key()))

employment = ContractRequest(
    adviser_id=adviser.id,
    type_=ContractType.CDI,
    starts_on=date(2022, 1, 10),
    employer=EmployerBody(siret="21350238800019", name="Ville d’exemple", legal_form=LegalForm.PUBLIC),
    administrative_file=AdministrativeFileBody(
        ds_file_number="1234567", contract_uploaded_on=date(2022, 1, 17), validated_on=date(2022, 1, 20)
    ),
)
contract = found(ContractResource, add_contract.sync(client=client, body=employment, idempotency_key=key()))
assert contract.ends_on is None


def asked(module: str, day: date) -> RegistrationRequest:
    session = SessionBody(starts_on=day, ends_on=day, format_=SessionFormat.REMOTE)
    return RegistrationRequest(
        adviser_id=adviser.id,
        module_code=module,
        training_organisation_id=organisation,
        session=session,
        requested_on=date(2026, 6, 1),
    )


wish = asked("handicap", date(2026, 9, 15))
preview = found(PreviewResource, preview_registration.sync(client=client, body=wish))
first = found(RegistrationResource, register_adviser.sync(client=client, body=wish, idempotency_key=key()))
assert first.entitlement == preview.entitlement

read = get_registration.sync_detailed(first.id, client=client)
again = get_registration.sync_detailed(first.id, client=client, if_none_match=read.headers["ETag"])
assert again.status_code is HTTPStatus.NOT_MODIFIED

problem = found(ProblemResource, register_adviser.sync(client=client, body=wish, idempotency_key=key()))

over = register_adviser.sync(client=client, body=asked("cybersecurite", date(2026, 10, 13)), idempotency_key=key())
second = found(RegistrationResource, over)
keep = next(offered for offered in second.choices if offered.choice is Choice.KEEP)
assert not isinstance(keep.payers, Unset)
answer = ChoiceRequest(choice=Choice.KEEP, payer=ChosenPayer(keep.payers[0]))
kept = found(RegistrationResource, choose_over_quota.sync(second.id, client=client, body=answer, idempotency_key=key()))

modules: list[str] = []
pages = 0
cursor: str | Unset | None = UNSET
while cursor is not None:
    listed = list_registrations.sync(client=client, adviser_id=adviser.id, limit=1, cursor=cursor)
    page = found(RegistrationPage, listed)
    modules += [registration.module_code for registration in page.data]
    cursor = page.pagination.next_
    pages += 1

print(
    json.dumps(
        {
            "previewed": preview.outcome,
            "first": [first.status, first.entitlement],
            "read_again": again.status_code,
            "problem": [problem.status, problem.code],
            "second": second.status,
            "kept": [kept.status, kept.funding, kept.payer],
            "listed": modules,
            "pages": pages,
        }
    )
)
