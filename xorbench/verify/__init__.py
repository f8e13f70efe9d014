"""Verification: the checks, the diagnosis that names a defect, and the ways to run them."""
