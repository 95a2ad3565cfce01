"""Carrying a plan out: lock, look again, act, read back, remember."""
