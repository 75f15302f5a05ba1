"""What the programs that tests start import, sooner or later."""

from app import cli, main, worker
from tests import forks
from tests.imports import doomed
from tests.outbox import relays
from tests.use_cases import doomed_look

__all__ = ["cli", "doomed", "doomed_look", "forks", "main", "relays", "worker"]
