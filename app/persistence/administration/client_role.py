"""What a client may be."""

from enum import StrEnum


class Role(StrEnum):
    PLATFORM = "platform"
    TRAINING_ORGANISATION = "training_organisation"
    ADMIN = "admin"
