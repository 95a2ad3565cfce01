"""`python -m elreconcile`."""

from elreconcile.cli.main import main

main()
