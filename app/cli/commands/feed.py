"""`python -m app feed …`: the feed of events."""

import typer

feed = typer.Typer(no_args_is_help=True, help="Le flux des événements.")


@feed.command("new-epoch")
def new_epoch() -> None:
    """Faire expirer les curseurs du flux, après une restauration : les lecteurs reprennent, et ne perdent rien."""
    from app.cli.database import with_database
    from app.clock import utc_now
    from app.persistence.engine.database import Database
    from app.persistence.outbox.assign_feed_positions import begin_epoch

    async def act(database: Database) -> None:
        async with database.transaction() as tx:
            await begin_epoch(tx, utc_now())

    with_database(act)
    typer.echo("Les curseurs donnés jusqu’ici ont expiré.")
