"""What all tests share: no deadline on a single example, which a busy machine would break."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("xorbench", deadline=None)
if settings.get_current_profile_name() == "default":  # with CI set, Hypothesis has chosen its own
    settings.load_profile("xorbench")
