"""What can be imported."""

from collections.abc import Mapping

from app.imports.advisers import ADVISERS_KIND
from app.imports.certifications import CERTIFICATIONS_KIND
from app.imports.contracts import CONTRACTS_KIND
from app.imports.desk import Kind
from app.imports.registrations import REGISTRATIONS_KIND
from app.persistence.imports import ImportKind

KINDS: Mapping[ImportKind, Kind] = {
    ImportKind.ADVISERS: ADVISERS_KIND,
    ImportKind.CONTRACTS: CONTRACTS_KIND,
    ImportKind.CERTIFICATIONS: CERTIFICATIONS_KIND,
    ImportKind.REGISTRATIONS: REGISTRATIONS_KIND,
}
