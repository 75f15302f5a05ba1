"""What e-mails call people and results, as each recipient is told of them."""

from app.domain.decisions.refusals import Actor
from app.domain.events import Recipient
from app.domain.facts.certification import CertificationOutcome
from app.domain.facts.registration_terms import Chooser, Payer, Status

ACTOR_LABELS: dict[Recipient, dict[Actor, str]] = {
    Recipient.ADVISER: {
        Actor.EMPLOYER: "votre structure employeuse",
        Actor.ADVISER: "vous",
        Actor.TRAINING_ORGANISATION: "votre organisme de formation",
    },
    Recipient.EMPLOYER: {
        Actor.EMPLOYER: "votre structure",
        Actor.ADVISER: "le conseiller numérique",
        Actor.TRAINING_ORGANISATION: "l’organisme de formation",
    },
    Recipient.TRAINING_ORGANISATION: {
        Actor.EMPLOYER: "la structure employeuse",
        Actor.ADVISER: "le conseiller numérique",
        Actor.TRAINING_ORGANISATION: "votre organisme de formation",
    },
}
PAYER_LABELS: dict[Recipient, dict[Payer, str]] = {
    Recipient.ADVISER: {
        Payer.EMPLOYER: "à la charge de votre structure employeuse",
        Payer.OPCO: "à la charge de l’opérateur de compétences (OPCO) de votre structure",
        Payer.SELF: "à votre charge",
    },
    Recipient.EMPLOYER: {
        Payer.EMPLOYER: "à la charge de votre structure",
        Payer.OPCO: "à la charge de votre opérateur de compétences (OPCO)",
        Payer.SELF: "à la charge du conseiller",
    },
    Recipient.TRAINING_ORGANISATION: {
        Payer.EMPLOYER: "à la charge de la structure employeuse",
        Payer.OPCO: "à la charge de l’opérateur de compétences (OPCO) de la structure employeuse",
        Payer.SELF: "à la charge du conseiller",
    },
}
# Who chose in the place of the adviser; a training organisation is called by its name.
CHOOSER_LABELS = {
    Chooser.PLATFORM: "La Coop de la médiation numérique",
    Chooser.ADMIN: "le support du dispositif",
}
EXAM_RESULT_LABELS = {
    CertificationOutcome.OBTAINED: "obtenu",
    CertificationOutcome.FAILED: "non obtenu",
    CertificationOutcome.ABSENT_JUSTIFIED: "absence justifiée",
    CertificationOutcome.ABSENT_UNJUSTIFIED: "absence non justifiée",
}
# To stand between « and ».
ATTENDANCE_LABELS: dict[str, str] = {
    Status.COMPLETED: "suivie",
    Status.ABSENT_JUSTIFIED: "absence justifiée",
    Status.ABSENT_UNJUSTIFIED: "absence non justifiée",
}
