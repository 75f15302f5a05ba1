"""What the pages of personal links say of the place in a published session, to the adviser."""

from app.domain.facts.registration_terms import CancellationCause, Seat, Status
from app.persistence.registrations.recorded_sessions import RecordedSession

CANCELLATION_SENTENCES = {
    CancellationCause.NO_SEAT: "La session a commencé sans qu’une place se libère : l’inscription est annulée.",
    CancellationCause.SESSION_CANCELLED: "L’organisme de formation a annulé la session.",
    CancellationCause.DUPLICATE_REGISTRATION: (
        "La session a été déplacée au premier jour d’une autre de vos inscriptions au même module."
    ),
}
NO_SEAT_YET = "Aucune place ne vous est encore donnée"


def seat_sentence(status: Status, recorded: RecordedSession) -> str | None:
    """None when there is nothing to say: the session is not published, or the registration is refused or over."""
    if recorded.cancelled_because is not None:
        return CANCELLATION_SENTENCES[recorded.cancelled_because]
    if recorded.session_id is None:
        return None
    match status:
        case Status.ACCEPTED:
            return _seat_of_accepted(recorded)
        case Status.AWAITING_CHOICE:
            return f"{NO_SEAT_YET} : la session est complète." if recorded.is_full else f"{NO_SEAT_YET}."
        case _:
            return None


def _seat_of_accepted(recorded: RecordedSession) -> str | None:
    match recorded.seat:
        case Seat.SEATED:
            return (
                "Vous avez une place ; la session est confirmée." if recorded.is_confirmed else "Vous avez une place."
            )
        case Seat.WAITING:
            rank = f"{recorded.seat_place}{'er' if recorded.seat_place == 1 else 'e'}"
            return f"Vous attendez une place, au {rank} rang : elle vous est donnée dès qu’elle se libère."
        case None:
            return None
