"""What was carried out: entries, their history, the runs, and the locks of those who act."""
