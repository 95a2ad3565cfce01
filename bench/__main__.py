"""`python -m bench`: all of them."""

import sys

from bench import backfill, groups

sys.exit(groups.main() or backfill.main())
