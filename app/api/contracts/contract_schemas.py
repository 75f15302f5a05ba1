"""Contracts: what is asked, and what is shown."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from app.api.http.bodies.json_responses import resource_fields
from app.api.http.fields import field_types
from app.api.http.fields.field_checks import check_date_order, validation_error
from app.api.http.fields.field_types import CivilDate, Department, Email, Id, Motive, Name, Reference, Siret, Version
from app.domain.facts.contract import ContractType, LegalForm
from app.persistence.engine.driver_types import Row
from app.wording.languages import Sentence

END_DATE_MISMATCH = Sentence(
    fr="Un CDI n’a pas de ends_on, les autres contrats en ont un.",
    en="A CDI has no ends_on, the other contracts have one.",
)


class EmployerBody(field_types.RequestBody):
    """La structure employeuse. `private` ouvre la prise en charge par l’OPCO au-delà du quota."""

    siret: Annotated[Siret, Field(description="SIRET, ou RIDET de Nouvelle-Calédonie.")]
    name: Name
    legal_form: LegalForm
    department: Department | None = None
    contact_email: Email | None = None
    aidants_connect_accredited: Annotated[bool, Field(strict=True)] = False


class AdministrativeFileBody(field_types.RequestBody):
    """Ce que l’employeur a fait, au plus tard aujourd’hui ; null, ce qui reste à faire."""

    ds_file_number: Annotated[
        Reference | None, Field(description="Le numéro du dossier Démarches simplifiées : un mot n’en tient pas lieu.")
    ] = None
    contract_uploaded_on: CivilDate | None = None
    validated_on: CivilDate | None = None


class ContractRequest(field_types.RequestBody):
    """Un contrat de travail : un CDI n’a pas de fin, les autres en ont une."""

    id: Annotated[Id | None, Field(description="Inutile : l’adresse le dit déjà.")] = None
    adviser_id: Id
    type: ContractType
    starts_on: CivilDate
    ends_on: CivilDate | None = None
    terminated_on: CivilDate | None = None
    termination_motive: Motive | None = None
    renews_contract_id: Id | None = None
    employer: EmployerBody
    administrative_file: AdministrativeFileBody = AdministrativeFileBody()

    @model_validator(mode="after")
    def _dates_agree(self) -> "ContractRequest":
        if (self.type is ContractType.CDI) != (self.ends_on is None):
            raise validation_error("term", END_DATE_MISMATCH, "ends_on")
        check_date_order("starts_on", "ends_on", self.starts_on, self.ends_on)
        check_date_order("starts_on", "terminated_on", self.starts_on, self.terminated_on)
        return self

    def columns(self) -> dict[str, Any]:
        employer = {f"employer_{name}": value for name, value in self.employer.model_dump().items()}
        own = self.model_dump(exclude={"id", "employer", "administrative_file"})
        return own | employer | self.administrative_file.model_dump()


class EmployerResource(TypedDict):
    """La structure employeuse."""

    siret: Annotated[str, Field(max_length=14, pattern="^[0-9]{7,14}$", description="Sans espaces.")]
    name: Name
    legal_form: LegalForm
    department: Department | None
    contact_email: Email | None
    aidants_connect_accredited: bool


class AdministrativeFileResource(TypedDict):
    """Ce que l’employeur a fait ; null, ce qui reste à faire."""

    ds_file_number: Reference | None
    contract_uploaded_on: date | None
    validated_on: date | None


class ContractResource(TypedDict):
    """Un contrat de travail et le dossier administratif de l’employeur."""

    id: UUID
    adviser_id: UUID
    type: ContractType
    starts_on: date
    ends_on: date | None
    terminated_on: date | None
    termination_motive: Motive | None
    renews_contract_id: UUID | None
    employer: EmployerResource
    administrative_file: AdministrativeFileResource
    version: Version
    created_at: datetime
    updated_at: datetime


def contract_resource(row: Row) -> dict[str, Any]:
    """The shape of ContractResource."""
    nested = {
        "employer": {name: row[f"employer_{name}"] for name in EmployerResource.__annotations__},
        "administrative_file": resource_fields(row, AdministrativeFileResource),
    }
    return resource_fields(row, ContractResource) | nested
