"""What can be imported, by name."""

from enum import StrEnum


class ImportKind(StrEnum):
    ADVISERS = "advisers"
    CONTRACTS = "contracts"
    CERTIFICATIONS = "certifications"
    REGISTRATIONS = "registrations"
