"""What each kind of import does with its lines."""

from collections.abc import Mapping

from app.imports.batch_context import ImportDefinition
from app.imports.kinds.advisers import ADVISER_IMPORT
from app.imports.kinds.certifications import CERTIFICATION_IMPORT
from app.imports.kinds.contracts import CONTRACT_IMPORT
from app.imports.kinds.registrations import REGISTRATION_IMPORT
from app.imports.kinds.sessions.attendance import ATTENDANCE_IMPORT
from app.imports.kinds.sessions.calendar import SESSION_IMPORT
from app.persistence.administration.import_kind import ImportKind

IMPORT_DEFINITIONS: Mapping[ImportKind, ImportDefinition] = {
    ImportKind.ADVISERS: ADVISER_IMPORT,
    ImportKind.CONTRACTS: CONTRACT_IMPORT,
    ImportKind.CERTIFICATIONS: CERTIFICATION_IMPORT,
    ImportKind.REGISTRATIONS: REGISTRATION_IMPORT,
    ImportKind.SESSIONS: SESSION_IMPORT,
    ImportKind.ATTENDANCE: ATTENDANCE_IMPORT,
}
