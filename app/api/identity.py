"""A body may repeat the identity of its path, and must then agree with it."""

from app.api.problems import Problem, field_error


def check_identity(name: str, path: object, body: object) -> None:
    """Raise Problem when the body names another resource than the path; `name` is its field for that."""
    if body is not None and body != path:
        detail = "Le corps doit nommer la même ressource que l’adresse."
        raise Problem("validation-error", detail, [field_error(f"/{name}", "mismatch", detail)])


def check_no_identity(body: object, put: str) -> None:
    """Raise Problem when a POST names the resource it creates: `put` is the operation that may."""
    if body is not None:
        detail = f"Utilisez {put} pour choisir l’identifiant."
        raise Problem("validation-error", detail, [field_error("/id", "not-allowed", detail)])
