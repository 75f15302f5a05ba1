"""The roles of the database that connections act as; migration 0002 makes them and says what each may do."""

SERVICE = "registrations_service"
TRAINING_ORGANISATION = "registrations_training_organisation"
