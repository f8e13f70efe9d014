"""Suites: properties that every implementation must have. Installed as `xorbench.suites`."""
