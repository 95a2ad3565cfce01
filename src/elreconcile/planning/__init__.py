"""From documents, memory and the world to a plan. Pure: no client, no clock, no file."""
