"""Fourteen people who register to published sessions, and to nothing else: what they may take is in their file."""

from app.seed.scenarios.fictional_employers import (
    CCAS,
    CLIC,
    COMMUNAUTE,
    COMPTOIR,
    FRANCE_SERVICES,
    MAIRIE,
    MEDIATHEQUE,
)
from app.seed.scenarios.people_by_entitlement import IN_2022, IN_2023
from app.seed.scenarios.scenario import Person, Post

PIERRICK = Person(
    900042, "Pierrick Allain", "Un Café IA suivi, une place dans une session complète",
    posts=(Post(MAIRIE, "2023-01-09"),), trained=IN_2023,
)  # fmt: skip
QUITTERIE = Person(
    900043, "Quitterie Bodin", "Un Café IA suivi, une journée manquée ; une place dans une session complète",
    posts=(Post(CCAS, "2023-01-09"),), trained=IN_2023,
)  # fmt: skip
RONAN = Person(
    900044, "Ronan Cadic", "Absent à un Café IA sur certificat médical ; une place dans une session complète",
    posts=(Post(CLIC, "2022-02-07"),), trained=IN_2022,
)  # fmt: skip
SOLENN = Person(
    900045, "Solenn Derrien", "Absente à un Café IA sans justification ; inscrite à une session lointaine",
    posts=(Post(COMMUNAUTE, "2022-02-07"),), trained=IN_2022,
)  # fmt: skip
TUGDUAL = Person(
    900046, "Tugdual Even", "A attendu une place jusqu’au premier jour ; a rendu une autre place",
    posts=(Post(MEDIATHEQUE, "2023-01-09"),), trained=IN_2023,
)  # fmt: skip
URSULE = Person(
    900047, "Ursule Fichou", "Attendait une place, l’a obtenue quand elle s’est libérée",
    posts=(Post(COMPTOIR, "2022-02-07"),), trained=IN_2022,
)  # fmt: skip
VIOLAINE = Person(
    900048, "Violaine Garo", "Attend une place, la première",
    posts=(Post(FRANCE_SERVICES, "2022-02-07"),), trained=IN_2022,
)  # fmt: skip
WILFRID = Person(
    900049, "Wilfrid Hélias", "Attend une place, le deuxième ; n’a pas encore suivi de Café IA",
    posts=(Post(MAIRIE, "2023-01-09"),), trained=IN_2023,
)  # fmt: skip
XAVIERE = Person(
    900050, "Xavière Inizan", "Session annulée faute de monde, puis une place dans une session confirmée",
    posts=(Post(CCAS, "2022-02-07"),), trained=IN_2022,
)  # fmt: skip
YOUNA = Person(
    900051, "Youna Jaouen", "Session annulée, session confirmée ; l’assiduité d’un Café IA reste à enregistrer",
    posts=(Post(COMPTOIR, "2023-01-09"),), trained=IN_2023,
)  # fmt: skip
ZITA = Person(
    900052, "Zita Kerlau", "Session annulée, session confirmée ; l’assiduité d’un Café IA reste à enregistrer",
    posts=(Post(CLIC, "2022-02-07"),), trained=IN_2022,
)  # fmt: skip
ALBAN = Person(
    900053, "Alban Lagadec", "Une place dans une session confirmée et dans une session ouverte",
    posts=(Post(MEDIATHEQUE, "2023-01-09"),), trained=IN_2023,
)  # fmt: skip
BRUNE = Person(
    900054, "Brune Mahé", "Recrutée il y a peu, convoquée en formation initiale",
    posts=(Post(COMMUNAUTE, "-60", "+1036"),),
)  # fmt: skip
CORENTIN = Person(
    900055, "Corentin Nicol", "Recruté il y a peu, convoqué en formation initiale",
    posts=(Post(FRANCE_SERVICES, "-60", "+1036"),),
)  # fmt: skip

PEOPLE_IN_SESSIONS: tuple[Person, ...] = (
    PIERRICK, QUITTERIE, RONAN, SOLENN, TUGDUAL, URSULE, VIOLAINE, WILFRID, XAVIERE, YOUNA, ZITA, ALBAN, BRUNE,
    CORENTIN,
)  # fmt: skip
