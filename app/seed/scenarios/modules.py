"""The codes of the modules that scenarios name."""

INITIAL, FULL_TITLE, CAFE_IA, AIDANTS = "formation-initiale", "ccp2-ccp3", "cafe-ia", "aidants-connect"
CYBER, AI, GREEN = "cybersecurite", "intelligence-artificielle", "numerique-responsable"
PARENTS, DISABILITY = "parentalite-numerique", "handicap"
