"""Measurement: convergence over seeds, fair timing, and the statistics of both."""
