"""Desired state: strict YAML with positions, checked into frozen specs, and the configuration beside it."""
