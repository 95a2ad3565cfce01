"""What was carried out, once and for all: entries, their history, the runs, and the locks of those acting now."""
