"""A body may repeat the identity of its path, and must then agree with it."""

from app.api.http.problems.problem_details import Problem, field_error
from app.wording.languages import Sentence


def check_id_matches_path(name: str, path: object, body: object) -> None:
    """Raise Problem when the body names another resource than the path; `name` is its field for that."""
    if body is not None and body != path:
        detail = Sentence(
            fr="Le corps doit nommer la même ressource que l’adresse.",
            en="The body must name the same resource as the address.",
        )
        raise Problem("validation-error", detail, [field_error(f"/{name}", "mismatch", detail)])


def check_no_id(body: object, put: str) -> None:
    """Raise Problem when a POST names the resource it creates: `put` is the operation that may."""
    if body is not None:
        detail = Sentence(fr=f"Utilisez {put} pour choisir l’identifiant.", en=f"Use {put} to choose the identifier.")
        raise Problem("validation-error", detail, [field_error("/id", "not-allowed", detail)])
