"""Ratios against peers and limits, each measured in one run on the same servers. Never a timed test."""
