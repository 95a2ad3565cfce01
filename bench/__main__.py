"""`python -m bench`: all of them."""

import sys

from bench.groups import main

sys.exit(main())
