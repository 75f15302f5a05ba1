"""The roles of the database that connections act as; migration 0002 makes them and says what each may do."""

SERVICE_ROLE = "registrations_service"
TRAINING_ORGANISATION_ROLE = "registrations_training_organisation"
