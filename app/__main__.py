"""`python -m app`."""

from app.cli.program import main

main()
