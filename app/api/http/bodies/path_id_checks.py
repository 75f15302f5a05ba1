"""A body may repeat the identifier in its path; it must then be the same."""

from app.api.http.problems.problem_details import Problem, field_error
from app.wording.languages import Sentence


def check_id_matches_path(name: str, path: object, body: object) -> None:
    """`name` is the field of the body that holds the identifier. Raise Problem when it is not the one in the path."""
    if body is not None and body != path:
        detail = Sentence(
            fr="Le corps doit nommer la même ressource que l’adresse.",
            en="The body must name the same resource as the address.",
        )
        raise Problem("validation-error", detail, [field_error(f"/{name}", "mismatch", detail)])


def check_no_id(body: object, put: str) -> None:
    """`put` is the operation that chooses an identifier. Raise Problem when the body of a POST does."""
    if body is not None:
        detail = Sentence(fr=f"Utilisez {put} pour choisir l’identifiant.", en=f"Use {put} to choose the identifier.")
        raise Problem("validation-error", detail, [field_error("/id", "not-allowed", detail)])
