"""Every program of the zoo: what it is, whether it is broken, and which rules say so."""

from .entries import capacity, contract, data, mathematics, right_descent, right_others, start, training, wild
from .twin import Twin

_PAGES = (mathematics, start, capacity, data, training, contract, right_descent, right_others, wild)

TWINS: tuple[Twin, ...] = tuple(twin for page in _PAGES for twin in page.TWINS)

BROKEN = tuple(twin for twin in TWINS if twin.broken)
RIGHT = tuple(twin for twin in TWINS if not twin.broken)
BY_NAME = {twin.name: twin for twin in TWINS}
