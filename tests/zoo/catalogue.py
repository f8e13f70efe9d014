"""Every program of the zoo: what it is, whether it is broken, and which rules say so.

A new program is a class or function in a file of its own, or beside its right sibling, written as strangers write;
a line in one of the pages of `entries`; and, where the rule's measured mark in `marks_*.py` does not show its defect
already, a mark that does. `wild` holds a second set, written in the manner of published packages, articles and courses.
"""

from .entries import capacity, contract, data, mathematics, right_descent, right_others, start, training, wild
from .twin import Twin

_PAGES = (mathematics, start, capacity, data, training, contract, right_descent, right_others, wild)

TWINS: tuple[Twin, ...] = tuple(twin for page in _PAGES for twin in page.TWINS)

BROKEN = tuple(twin for twin in TWINS if twin.broken)
RIGHT = tuple(twin for twin in TWINS if not twin.broken)
BY_NAME = {twin.name: twin for twin in TWINS}
