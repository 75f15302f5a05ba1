"""Twelve employers who do not exist: no SIREN of this range is attributed, and each name says what it is."""

from app.domain.facts.contract import LegalForm
from app.seed.scenarios.scenario import Employer

PUBLIC, PRIVATE, UNDETERMINED = LegalForm.PUBLIC, LegalForm.PRIVATE, LegalForm.UNDETERMINED

MAIRIE = Employer("99900001100018", "Mairie de Saint-Exemple-sur-Vilaine (démonstration)", PUBLIC)
COMMUNAUTE = Employer(
    "99900002900010", "Communauté de communes du Pays d’Exemple (démonstration)", PUBLIC, accredited=True
)
CCAS = Employer("99900003700013", "CCAS de Villeneuve-l’Exemple (démonstration)", PUBLIC)
CLIC = Employer("99900004500016", "Association Le Clic solidaire (démonstration)", PRIVATE, accredited=True)
PASSEURS = Employer("99900005200012", "Association Les Passeurs du numérique (démonstration)", PRIVATE)
COMPTOIR = Employer("99900006000015", "SCIC Le Comptoir numérique (démonstration)", PRIVATE)
MEDIATHEQUE = Employer("99900007800017", "Médiathèque de la Lande-aux-Mots (démonstration)", PUBLIC)
FRANCE_SERVICES = Employer(
    "99900008600010", "France Services du Val d’Exemple (démonstration)", PUBLIC, accredited=True
)
ECRANS = Employer("99900009400014", "Écrans et Compagnie SARL (démonstration)", PRIVATE)
SYNDICAT = Employer("99900010200015", "Pôle d’équilibre de la Côte d’Exemple (démonstration)", UNDETERMINED, "22")
RAVINE = Employer("99900011000018", "Mairie de La Ravine-Exemple (démonstration)", PUBLIC, "974")
LAGON = Employer("99900012800010", "Association Le Lagon connecté (démonstration)", UNDETERMINED, "976")
