import pytest

from app.domain.decisions.refusals import Reason, Refusal
from app.domain.event_recipients import email_recipients
from app.domain.events import (
    SENT_TO_ALL_CONCERNED,
    Event,
    EventType,
    Recipient,
    Subject,
    event_type_of_change,
    event_type_of_decision,
    types_matching,
)
from app.domain.facts.registration import Registration
from app.domain.facts.registration_terms import CancellationCause, Funding, Payer, Status
from app.domain.registration_events import registration_event
from tests.domain_builders import (
    ADVISER_ID,
    ORGANISATION_ID,
    a_registration,
    a_waiting_registration,
    day,
    registration_id,
)

WAITING = a_waiting_registration(7)
REFUSED = a_registration(7, status=Status.REFUSED)
FUNDED = a_registration(7, unit="civil_year:2024#1")
OTHER_UNIT = a_registration(7, unit="civil_year:2024#2")
OTHER_BUCKET = a_registration(7, unit="civil_year:2025#1")
KEPT = a_registration(7, funding=Funding.NONE, payer=Payer.SELF)
CANCELLED = a_registration(7, status=Status.CANCELLED)

ACCEPTED_EVENT = EventType.REGISTRATION_ACCEPTED
REFUSED_EVENT = EventType.REGISTRATION_REFUSED
OVER_QUOTA_EVENT = EventType.REGISTRATION_OVER_QUOTA


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(None, FUNDED, ACCEPTED_EVENT, id="accepted at once"),
        pytest.param(None, REFUSED, REFUSED_EVENT, id="refused at once"),
        pytest.param(None, WAITING, OVER_QUOTA_EVENT, id="over quota at once"),
        pytest.param(REFUSED, FUNDED, ACCEPTED_EVENT, id="accepted on notice"),
        pytest.param(REFUSED, WAITING, OVER_QUOTA_EVENT, id="over quota on notice"),
        pytest.param(REFUSED, REFUSED, None, id="nothing when still refused"),
        pytest.param(FUNDED, REFUSED, REFUSED_EVENT, id="refused since"),
        pytest.param(FUNDED, WAITING, OVER_QUOTA_EVENT, id="over quota since"),
        pytest.param(FUNDED, FUNDED, None, id="nothing when it stands"),
        pytest.param(FUNDED, OTHER_UNIT, None, id="nothing for another unit of the bucket"),
        pytest.param(FUNDED, OTHER_BUCKET, ACCEPTED_EVENT, id="accepted on another right"),
        pytest.param(WAITING, FUNDED, EventType.REGISTRATION_FUNDED, id="promoted"),
        pytest.param(WAITING, WAITING, None, id="nothing when it waits on"),
        pytest.param(WAITING, REFUSED, REFUSED_EVENT, id="refused while waiting"),
        pytest.param(KEPT, KEPT, None, id="nothing when kept"),
        pytest.param(FUNDED, CANCELLED, None, id="nothing for what no decision gives"),
    ],
)
def test_a_decision_is_told_as(before: Registration | None, after: Registration, expected: EventType | None) -> None:
    actual = event_type_of_change(before, after)

    assert actual is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(Status.ACCEPTED, ACCEPTED_EVENT, id="accepted"),
        pytest.param(Status.REFUSED, REFUSED_EVENT, id="refused"),
        pytest.param(Status.AWAITING_CHOICE, OVER_QUOTA_EVENT, id="over quota"),
        pytest.param(Status.CANCELLED, None, id="nothing when cancelled"),
        pytest.param(Status.COMPLETED, None, id="nothing when completed"),
    ],
)
def test_a_registration_just_decided_is_told_as(status: Status, expected: EventType | None) -> None:
    actual = event_type_of_decision(a_registration(status=status))

    assert actual is expected


def test_an_event_tells_ids_statuses_and_codes() -> None:
    actual = registration_event(ACCEPTED_EVENT, ADVISER_ID, FUNDED, ())

    assert actual == Event(
        ACCEPTED_EVENT,
        Subject.REGISTRATION,
        registration_id(7),
        1,
        ADVISER_ID,
        ORGANISATION_ID,
        {
            "status": Status.ACCEPTED,
            "funding": Funding.STATE,
            "payer": Payer.STATE,
            "entitlement": "civil_year:2024",
            "module_code": "thematic-a",
            "session_starts_on": day("2025-05-13"),
            "reasons": [],
        },
        (Recipient.ADVISER, Recipient.EMPLOYER, Recipient.TRAINING_ORGANISATION),
    )


def test_an_event_tells_what_the_registration_does_not() -> None:
    actual = registration_event(ACCEPTED_EVENT, ADVISER_ID, FUNDED, (), None, {"recorded_after_the_fact": True})

    assert actual.data["recorded_after_the_fact"] is True
    assert actual.data["status"] is Status.ACCEPTED


def test_an_event_tells_every_reason() -> None:
    refusals = (Refusal(Reason.DS_FILE_MISSING), Refusal(Reason.ACCREDITATION_MISSING))

    actual = registration_event(REFUSED_EVENT, ADVISER_ID, REFUSED, refusals)

    assert actual.data["reasons"] == [Reason.DS_FILE_MISSING, Reason.ACCREDITATION_MISSING]


@pytest.mark.parametrize("event_type", [item for item in EventType if item.value.startswith("registration.")])
def test_the_training_organisation_is_told_all_but_what_is_asked_of_the_adviser(event_type: EventType) -> None:
    actual = registration_event(event_type, ADVISER_ID, REFUSED, ())

    between_others = {EventType.REGISTRATION_REGULARISABLE, EventType.REGISTRATION_CHOICE_REMINDED}
    told = None if event_type in between_others else ORGANISATION_ID
    assert (actual.type, actual.training_organisation_id) == (event_type, told)


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("registration.accepted", {EventType.REGISTRATION_ACCEPTED}),
        (
            "certification.*",
            {EventType.CERTIFICATION_RECORDED, EventType.CERTIFICATION_ANNULLED, EventType.CERTIFICATION_DUE},
        ),
        ("registration.*", {item for item in EventType if item.startswith("registration.")}),
    ],
)
def test_a_pattern_names_one_type_or_all_of_a_subject(pattern: str, named: set[EventType]) -> None:
    assert types_matching(pattern) == named


@pytest.mark.parametrize("pattern", ["registration", "registration.", "registration*", "reg.*", ".*", "*", ""])
def test_any_other_pattern_names_nothing(pattern: str) -> None:
    assert types_matching(pattern) == frozenset()


def test_what_is_about_the_person_is_told_to_every_organisation_that_registered_the_adviser() -> None:
    assert {
        EventType.CERTIFICATION_RECORDED,
        EventType.CERTIFICATION_ANNULLED,
        EventType.CERTIFICATION_DUE,
        EventType.ADVISER_ANONYMISED,
    } == SENT_TO_ALL_CONCERNED


@pytest.mark.parametrize(
    ("reason", "told"),
    [(Reason.DS_FILE_MISSING, True), (Reason.CCP1_NOT_OBTAINED, False), (Reason.MODULE_NO_LONGER_AVAILABLE, False)],
)
def test_an_employer_is_written_to_of_a_refusal_that_it_can_lift(reason: Reason, told: bool) -> None:  # noqa: FBT001  # a parameter of pytest's
    actual = registration_event(REFUSED_EVENT, ADVISER_ID, REFUSED, (Refusal(reason),))

    assert (Recipient.EMPLOYER in actual.recipients) is told


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param(WAITING, a_registration(7, payer=Payer.EMPLOYER), True, id="it will pay"),
        pytest.param(WAITING, a_registration(7, payer=Payer.OPCO), True, id="its OPCO will"),
        pytest.param(WAITING, KEPT, False, id="the adviser will"),
        pytest.param(a_registration(7, payer=Payer.EMPLOYER), CANCELLED, True, id="it would have paid"),
        pytest.param(FUNDED, CANCELLED, False, id="the State would have"),
        pytest.param(None, CANCELLED, False, id="nobody would have"),
    ],
)
def test_an_employer_is_written_to_of_what_it_pays(
    before: Registration | None,
    after: Registration,
    told: bool,  # noqa: FBT001  # a parameter of pytest's
) -> None:
    kept, cancelled = EventType.REGISTRATION_KEPT_UNFUNDED, EventType.REGISTRATION_CANCELLED
    event_type = cancelled if after is CANCELLED else kept
    actual = registration_event(event_type, ADVISER_ID, after, (), before)

    assert (Recipient.EMPLOYER in actual.recipients) is told


@pytest.mark.parametrize(
    ("before", "told"),
    [
        pytest.param(FUNDED, True, id="it had freed the adviser"),
        pytest.param(a_registration(7, payer=Payer.EMPLOYER, funding=Funding.NONE), True, id="it would have paid"),
        pytest.param(KEPT, False, id="the adviser would have paid"),
    ],
)
@pytest.mark.parametrize("event_type", [EventType.REGISTRATION_CANCELLED, EventType.SESSION_CANCELLED])
def test_an_employer_is_written_to_when_nobody_chose_to_cancel(
    event_type: EventType,
    before: Registration,
    told: bool,  # noqa: FBT001  # a parameter of pytest's
) -> None:
    unchosen = {"cancelled_because": CancellationCause.NO_SEAT}
    actual = registration_event(event_type, ADVISER_ID, CANCELLED, (), before, unchosen)

    assert (Recipient.EMPLOYER in actual.recipients) is told


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param(FUNDED, OTHER_UNIT, True, id="still funded"),
        pytest.param(FUNDED, REFUSED, True, id="the adviser is not to be freed any more"),
        pytest.param(REFUSED, FUNDED, True, id="the adviser is to be freed now"),
        pytest.param(REFUSED, REFUSED, False, id="never funded"),
        pytest.param(KEPT, KEPT, False, id="at their own expense"),
    ],
)
def test_an_employer_is_written_to_of_a_move_that_changes_when_it_frees_the_adviser(
    before: Registration,
    after: Registration,
    told: bool,  # noqa: FBT001  # a parameter of pytest's
) -> None:
    actual = registration_event(EventType.REGISTRATION_RESCHEDULED, ADVISER_ID, after, (), before)

    assert (Recipient.EMPLOYER in actual.recipients) is told


def test_days_missed_of_a_training_that_was_followed_are_to_be_justified_by_adviser_and_employer() -> None:
    missed = {"absences": [{"on": day("2025-05-13"), "justified": False}]}

    actual = registration_event(EventType.REGISTRATION_COMPLETED, ADVISER_ID, FUNDED, (), None, missed)

    assert actual.recipients == (Recipient.ADVISER, Recipient.EMPLOYER, Recipient.TRAINING_ORGANISATION)


ADVISER, EMPLOYER, ORGANISATION, SUPPORT = Recipient
# Section 9: always, and besides when the employer must act, pays, or when the State does.
TABLE: dict[EventType, tuple[set[Recipient], set[str]]] = {
    EventType.REGISTRATION_ACCEPTED: ({ADVISER, ORGANISATION}, {"state_pays"}),
    EventType.REGISTRATION_REFUSED: ({ADVISER, ORGANISATION}, {"employer_acts"}),
    EventType.REGISTRATION_OVER_QUOTA: ({ADVISER, ORGANISATION}, set()),
    EventType.REGISTRATION_KEPT_UNFUNDED: ({ADVISER, ORGANISATION}, {"employer_pays"}),
    EventType.REGISTRATION_CANCELLED: ({ADVISER, ORGANISATION}, {"employer_pays", "state_pays"}),
    EventType.REGISTRATION_FUNDED: ({ADVISER, ORGANISATION}, set()),
    EventType.REGISTRATION_REGULARISABLE: ({ADVISER}, set()),
    EventType.REGISTRATION_REGULARISATION_NOTIFIED: ({ORGANISATION}, set()),
    EventType.REGISTRATION_RESCHEDULED: ({ADVISER, ORGANISATION}, {"state_pays"}),
    EventType.REGISTRATION_COMPLETED: ({ORGANISATION}, {"days_missed"}),
    EventType.REGISTRATION_ABSENCE_RECORDED: ({ADVISER, EMPLOYER, ORGANISATION}, set()),
    EventType.REGISTRATION_ATTENDANCE_CORRECTED: ({ADVISER, EMPLOYER, ORGANISATION}, set()),
    EventType.REGISTRATION_CHOICE_REMINDED: ({ADVISER}, set()),
    EventType.REGISTRATION_DEROGATED: ({ADVISER, ORGANISATION}, {"employer_acts", "employer_pays", "state_pays"}),
    EventType.REGISTRATION_PATH_DETERMINED: ({ADVISER, EMPLOYER, ORGANISATION}, set()),
    EventType.REGISTRATION_SEAT_GIVEN: ({ADVISER, ORGANISATION}, {"state_pays"}),
    # To each person about their registration; the organisation gets one summary.
    EventType.SESSION_CONFIRMED: ({ADVISER}, {"state_pays"}),
    EventType.SESSION_CANCELLED: ({ADVISER}, {"employer_pays", "state_pays"}),
    EventType.SESSION_MOVED: ({ADVISER}, {"employer_acts", "state_pays"}),
    EventType.SESSION_PUBLISHED: (set(), set()),
    EventType.SESSION_CHANGED: (set(), set()),
    EventType.CERTIFICATION_RECORDED: ({ADVISER, ORGANISATION}, set()),
    EventType.CERTIFICATION_ANNULLED: ({ADVISER, ORGANISATION}, set()),
    EventType.CERTIFICATION_DUE: ({ADVISER, EMPLOYER, ORGANISATION}, set()),
    EventType.ENTITLEMENT_CARRIED_OVER: ({ADVISER, EMPLOYER}, set()),
    EventType.ENTITLEMENT_EXPIRING: ({ADVISER}, set()),
    EventType.INITIAL_TRAINING_OWED: ({ADVISER, EMPLOYER}, set()),
    EventType.SUPPORT_REQUEST_OPENED: ({ADVISER, ORGANISATION}, {"employer_acts", "employer_pays"}),
    EventType.SUPPORT_REQUEST_ANSWERED: ({ADVISER, ORGANISATION}, {"employer_acts", "employer_pays"}),
    EventType.ADVISER_ANONYMISED: (set(), set()),
    EventType.ADVISER_RETURNED: ({SUPPORT}, set()),
}
CONDITIONS = ("employer_acts", "employer_pays", "state_pays", "days_missed")


@pytest.mark.parametrize("event_type", EventType)
def test_whoever_section_9_names_is_written_to(event_type: EventType) -> None:
    always, conditions = TABLE[event_type]

    assert {*email_recipients(event_type)} == always
    for condition in CONDITIONS:
        told = {*email_recipients(event_type, **{condition: True})}
        besides = {ADVISER, EMPLOYER} if condition == "days_missed" else {EMPLOYER}
        assert told == (always | besides if condition in conditions else always), condition
