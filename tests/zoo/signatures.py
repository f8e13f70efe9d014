"""For each rule the measured mark that a broken twin of it bears."""

from __future__ import annotations

from collections.abc import Callable

from . import marks_contract, marks_learning, marks_mathematics
from .twin import Twin

MARKS: dict[str, Callable[[Twin], None]] = {
    "XM01": marks_mathematics.off_course,
    "XM02": marks_mathematics.off_course,
    "XM03": marks_mathematics.some_climb,
    "XM04": marks_mathematics.off_course,
    "XM05": marks_mathematics.deviation_goes_with_the_rate,
    "XM06": marks_mathematics.some_never_move,
    "XM07": marks_mathematics.biases_alone,
    "XM08": marks_mathematics.second_is_double,
    "XM09": marks_mathematics.some_go_with_the_square,
    "XM10": marks_mathematics.some_are_assigned,
    "XM11": marks_mathematics.state_is_mixed,
    "XM12": marks_mathematics.option_changes_nothing,
    "XM13": marks_mathematics.one_factor,
    "XM14": marks_mathematics.shown_right_applied_wrong,
    "XM15": marks_mathematics.off_course,
    "XM16": marks_mathematics.off_course,
    "XI01": marks_learning.copies,
    "XI02": marks_learning.flat_start,
    "XI03": marks_learning.saturated,
    "XI04": marks_learning.seed_without_power,
    "XI05": marks_learning.global_state,
    "XC01": marks_learning.additive,
    "XC02": marks_learning.dead,
    "XC03": marks_learning.immovable,
    "XC04": marks_learning.fixed_at_the_origin,
    "XD01": marks_learning.another_gate,
    "XD02": marks_learning.only_the_mean_counts,
    "XD03": marks_learning.outputs_do_not_fit,
    "XD04": marks_learning.rows_are_lost,
    "XD05": marks_learning.sequences_mixed,
    "XT01": marks_learning.too_slow,
    "XT02": marks_learning.too_fast,
    "XT03": marks_learning.some_seeds,
    "XT04": marks_learning.learns_nothing,
    "XA01": marks_contract.breaks_on_shapes,
    "XA02": marks_contract.arguments_change,
    "XA03": marks_contract.answers_change,
    "XA04": marks_contract.neighbours_matter,
    "XA05": marks_contract.report_is_wrong,
    "XA06": marks_contract.not_finite,
    "XA07": marks_contract.raises,
    "XA08": marks_contract.hangs_or_crashes,
    "XA09": marks_contract.hangs_or_crashes,
}
