"""The values everything else speaks in: frozen, and importing nothing of ours but errors."""
