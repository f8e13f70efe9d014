"""Every program of the zoo: what it is, whether it is broken, and which rules say so."""

from .entries import mathematics, right_descent
from .twin import Twin

TWINS: tuple[Twin, ...] = (*mathematics.TWINS, *right_descent.TWINS)

BROKEN = tuple(twin for twin in TWINS if twin.broken)
RIGHT = tuple(twin for twin in TWINS if not twin.broken)
BY_NAME = {twin.name: twin for twin in TWINS}
