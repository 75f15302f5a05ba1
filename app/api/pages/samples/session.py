"""Une session, de la publication à la convocation. Il faut `pip install httpx`, et la clé d’un organisme."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

PEOPLE = (
    "124b31ac-611c-5169-b8fd-447e9afea677",
    "524ad5e2-6b98-57c0-9a42-9b6b57d21113",
    "daea8e60-9490-5555-9f9c-5fde348a2087",
)
HOURS = (("09:00", "12:30"), ("13:30", "17:00"))
FILES = Path(os.environ.get("FILES", "."))

api = httpx.Client(base_url=os.environ["BASE_URL"], headers={"Authorization": f"Bearer {os.environ['API_KEY']}"})


def days(*dates: str) -> dict[str, Any]:
    hours = [{"on": day, "from": begins, "until": ends} for day in dates for begins, ends in HOURS]
    return {"starts_on": dates[0], "ends_on": dates[-1], "hours": hours}


def checked(answer: httpx.Response) -> Any:
    """Une erreur a un `code` pour le programme, et un `detail` pour la personne."""
    body = answer.json()
    if answer.is_error:
        raise SystemExit(f"{body['code']} : {body['detail']}")
    return body


def post(address: str, body: dict[str, Any] | None = None) -> Any:
    return checked(api.post(address, json=body or {}, headers={"Idempotency-Key": str(uuid4())}))


def once(address: str, is_done: Callable[[Any], bool]) -> Any:
    """Ce qui se fait en arrière-plan se lit jusqu’à ce que ce soit fait."""
    while not is_done(found := checked(api.get(address))):
        time.sleep(0.5)
    return found


def is_finished(session: Any) -> bool:
    return session["progress"] is not None and session["progress"]["finished_at"] is not None


def seat_of(registration: Any) -> str:
    seat = registration["seat"]
    return seat["status"] if seat["place"] is None else f"{seat['status']}, place {seat['place']}"


# Publier : deux places, sur deux jours.
place = {"name": "Salle de l’Exemple", "address": "1 rue de l’Exemple, 35000 Rennes", "department": "35"}
published = {"module_code": "parentalite-numerique", "format": "on_site", "place": place, "seats": {"maximum": 2}}
session = post("/v1/sessions", published | days("2028-05-16", "2028-05-17"))
here = f"/v1/sessions/{session['id']}"
print("Publiée :", session["status"])

# Inscrire : les places vont dans l’ordre des demandes, puis on attend.
registrations = [post("/v1/registrations", {"adviser_id": who, "session_id": session["id"]}) for who in PEOPLE]
for registration in registrations:
    print("Inscription :", registration["status"], seat_of(registration))

# Une place se libère : elle va à qui attend, en un instant, et chacun est prévenu.
first, _, waiting = (f"/v1/registrations/{registration['id']}" for registration in registrations)
post(f"{first}/cancellation", {"motive": "Nécessité de service"})
given = once(waiting, lambda registration: registration["seat"]["status"] == "seated")
print("Une place se libère :", given["status"], seat_of(given))

# Confirmer convoque tout le monde : 202 aussitôt, et l’avancement se lit.
asked = post(f"{here}/confirmation")
print("Confirmation demandée pour :", asked["concerned"])
print("Convoqués :", once(here, is_finished)["progress"]["done"])

# La liste des inscrits, pour un programme et pour un tableur ; la feuille d’émargement ; l’agenda.
for line in checked(api.get(f"{here}/roster"))["data"]:
    print("-", line["first_name"], line["last_name"], f"({line['employer']['name']})")
for name, address, kind in (
    ("inscrits.csv", "roster", "text/csv"),
    ("emargement.html", "roster", "text/html"),
    ("session.ics", "calendar.ics", "text/calendar"),
):
    (FILES / name).write_bytes(api.get(f"{here}/{address}", headers={"Accept": kind}).raise_for_status().content)

# Déplacer : la version lue d’abord ; chaque inscription est décidée à nouveau, chaque personne prévenue une fois.
tag = api.get(here).raise_for_status().headers["ETag"]
moved = checked(api.patch(here, json=days("2028-05-23", "2028-05-24"), headers={"If-Match": tag}))
print("Déplacement demandé pour :", moved["concerned"])
print("Déplacée au :", once(here, is_finished)["starts_on"])
