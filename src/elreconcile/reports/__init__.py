"""Plans and outcomes as text and JSON. No I/O: what comes out is a string."""
