"""`python -m app secrets …`: SECRET_KEY rotated to its end, and when its old value may go."""

import typer

secrets = typer.Typer(no_args_is_help=True, help="SECRET_KEY : le remplacer, et savoir quand l’ancienne valeur part.")


@secrets.command("rotate")
def rotate_secrets() -> None:
    """Chiffrer à nouveau, par la première valeur de SECRET_KEY, tout ce qu’une autre avait chiffré."""
    from app.cli.rotation import encrypt_again

    encrypt_again()


@secrets.command("status")
def show_status() -> None:
    """Dire ce qui a encore besoin d’une ancienne valeur ; statut 0 quand elle peut être retirée, 1 sinon."""
    from app.cli.rotation import show_what_remains

    show_what_remains()
