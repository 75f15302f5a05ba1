"""What the programs that tests start import, sooner or later."""

import app.cli
import app.main
import app.worker
import tests.forks
import tests.imports.doomed
import tests.outbox.relays
import tests.use_cases.doomed_look

__all__ = ["app", "tests"]
