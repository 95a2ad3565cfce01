"""The command line: the only rooms that print, ask and exit. Each verb imports what it needs when it runs."""
