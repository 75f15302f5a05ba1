"""`python -m app worker`."""

import signal


def worker() -> None:
    """Faire tourner le worker à côté de l’API (DATABASE_URL, ou à côté de `make run`)."""
    import asyncio

    import uvloop

    from app.logs import configure_logs
    from app.metrics import serve_worker_metrics
    from app.persistence.engine.database import open_database
    from app.settings import SettingsError, database_url, settings_of_running_service
    from app.worker import WORKER_POOL_SIZE, run_worker

    settings = settings_of_running_service()
    configure_logs(settings.log_level)
    url = database_url(settings)
    if settings.metrics_port is not None:
        try:
            serve_worker_metrics(settings.host, settings.metrics_port)
        except OSError as problem:
            refused = f"METRICS_PORT : {settings.host}:{settings.metrics_port} n’est pas libre ({problem.strerror})"
            raise SettingsError(refused) from None

    async def run() -> None:
        stop = asyncio.Event()
        database = open_database(url, pool_size=WORKER_POOL_SIZE, secrets=settings.secrets, has_real_clock=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await run_worker(database, url, settings, stop)
        await database.close()

    uvloop.run(run())
