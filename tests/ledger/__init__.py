"""What every ledger must hold, in whichever database: run on SQLite in tests/unit, on MariaDB in tests/live."""
