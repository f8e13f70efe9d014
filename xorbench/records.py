"""What is written down: cells, records of their results, check results, environments. All frozen, units in the names.

The journal (:mod:`xorbench.study.journal`) holds one JSON line per :class:`Record` and one per :class:`Environment`;
``schema`` names the format and its version. Unknown fields are ignored, an unknown schema is refused by the reader.
A float that is not finite is written as null, and each field that can be so says what null means.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

Measure = Literal["convergence", "timing", "portrait", "check"]
OutcomeKind = Literal["ok", "raised", "timeout", "memory", "crashed", "exited", "invalid", "unavailable"]
Severity = Literal["error", "warning", "note"]
Status = Literal["passed", "failed", "not_checked", "expected_failure"]


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of work, as data. Everything here determines the result, so its hash is its identity."""

    target: str
    task: str
    measure: Measure
    device: str = "cpu"
    seeds: tuple[int, ...] = ()
    budget: int = 0  # iterations; 0 where the measure has none
    settings: dict[str, Any] = {}  # further knobs of the measure, JSON values only
    source: str = ""  # hash of the implementation's source
    version: int = 1  # of the measure's meaning; raised when a change makes old results incomparable

    @property
    def id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of this cell's canonical JSON."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()[:16]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One training run of one seed. Counts are iterations (calls of `step`); None: not reached in the budget."""

    seed: int
    iterations: int  # made: the budget, or fewer where the run diverged or a fit-only model was given what it takes
    to_75: int | None  # first with at least 75 % of the rows right
    to_first: int | None  # first with the task solved
    to_stable: int | None  # solved there and at every later iteration of the budget
    accuracy: float  # share of rows right at the end, 0 to 1
    loss: float | None = None  # last reported; None: not reported or not finite
    diverged: bool = False  # a loss or an output was not finite
    wall_s: float = 0.0  # training alone, whole budget, seconds
    stable_s: float | None = None  # training alone, until to_stable, seconds


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """Loss and accuracy of one seed over iterations, thinned to about equal steps on a log scale."""

    seed: int
    iterations: tuple[int, ...]
    loss: tuple[float | None, ...]
    accuracy: tuple[float, ...]


class Convergence(msgspec.Struct, frozen=True, kw_only=True, tag="convergence", tag_field="kind"):
    """Runs of several seeds on one task."""

    runs: tuple[Run, ...]
    resolution: int = 1  # solved was looked at every so many iterations
    rows: int = 0  # rows that accuracy was measured on
    how: str = "single"  # "single": one model per seed; "ensemble": one array program for all; "fit"
    dtype: str = ""  # of the parameters, where known
    curves: tuple[Curve, ...] = ()


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """One timed action: samples are seconds per call, each the mean of `loops` calls."""

    action: str  # "construct", "first_step", "step", "predict"
    rows: int  # rows per call; 0 where it has no batch
    samples_s: tuple[float, ...]
    loops: int = 1
    warmup: int = 0  # calls before the first sample


class Timings(msgspec.Struct, frozen=True, kw_only=True, tag="timing", tag_field="kind"):
    """The runtime of one implementation on one device."""

    timings: tuple[Timing, ...]
    peak_memory_bytes: int | None = None  # of the child process; None: not measured
    device_memory_bytes: int | None = None  # peak allocated on the device; None: CPU or not measured
    threads: int = 1
    checked: bool = False  # the parameters after the timed steps equal those of an untimed run
    notes: tuple[str, ...] = ()


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """A model at one iteration of a portrait."""

    iteration: int
    loss: float | None
    accuracy: float
    outputs: tuple[float, ...]  # one per row of the truth table
    hidden: tuple[tuple[float, ...], ...] = ()  # rows x width, first hidden layer; empty: not shown by the model
    parameters: tuple[float, ...] = ()  # flat, in the order of `Portrait.names`
    region: str = ""  # base64 of grid x grid bytes, row by row from the lowest x2: 0 false ... 255 true


class Surface(msgspec.Struct, frozen=True, kw_only=True):
    """The loss in a plane of the parameter space and the path of the descent on it."""

    axes: tuple[str, str]  # what each axis is
    x: tuple[float, ...]
    y: tuple[float, ...]
    loss: tuple[tuple[float | None, ...], ...]  # [y][x]
    path: tuple[tuple[float, float], ...]
    explained: float | None = None  # share of the path's variance in this plane, 0 to 1


class Portrait(msgspec.Struct, frozen=True, kw_only=True, tag="portrait", tag_field="kind"):
    """One seed looked at closely: what figures are drawn from."""

    seed: int
    solved: bool
    frames: tuple[Frame, ...]
    names: tuple[str, ...] = ()  # of the flat parameters, such as "W1[0,1]"
    grid: int = 0
    low: float = -0.5  # the region covers low..high on both inputs
    high: float = 1.5
    surface: Surface | None = None
    missing: tuple[str, ...] = ()  # what could not be drawn, each with its reason


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check of a suite."""

    id: str
    suite: str
    status: Status
    reason: str = ""  # why it failed or was not checked, or what a check that passed left open


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A failure with a name: what is wrong, where, with which numbers, and the mend."""

    rule: str
    severity: Severity
    where: str  # layer, parameter group or member; empty: the whole model
    message: str
    evidence: dict[str, Any] = {}
    mend: str = ""
    reproduce: str = ""  # the command that shows it again
    symptoms: tuple[Finding, ...] = ()  # findings that this one explains


class CheckResult(msgspec.Struct, frozen=True, kw_only=True, tag="xorbench.check/1", tag_field="schema"):
    """The one document that the screen, JUnit and ``--json`` show."""

    target: str
    verdict: Literal["passed", "failed", "error"]
    counts: dict[str, int]  # passed, failed, not_checked
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    spectrum: dict[str, float | None] = {}  # gate -> share of seeds that learned it; None: not measured
    optimiser: str = ""  # what the updates look like
    wall_s: float = 0.0


class CheckOutcome(msgspec.Struct, frozen=True, kw_only=True, tag="check", tag_field="kind"):
    """A check result as the result of a cell."""

    result: CheckResult


Result = Convergence | Timings | Portrait | CheckOutcome


class Record(msgspec.Struct, frozen=True, kw_only=True, tag="xorbench.record/1", tag_field="schema"):
    """What came of one cell."""

    id: str  # of the cell
    cell: Cell
    outcome: OutcomeKind
    environment: str  # id of the Environment
    result: Result | None = None  # None exactly where the outcome is not "ok"
    detail: str = ""  # of a failure: the stranger's traceback, the signal, the limit that was met
    output: str = ""  # what the child printed, bounded, kept with failures
    wall_s: float = 0.0  # of the whole cell, start of the child included
    started_at: str = ""  # ISO 8601, UTC


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """One row of an interleaved comparison: how much longer the head takes than the base."""

    action: str
    rows: int
    blocks: int  # each with fresh processes
    base_s: float  # median over blocks, seconds per call
    head_s: float
    ratio: float  # median over blocks of head over base
    low: float | None  # simultaneous interval of that median; None: too few blocks for one
    high: float | None
    floor: float | None  # two processes of the base itself differ by up to this factor, 1 or more; None: likewise
    verdict: Literal["faster", "slower", "not resolved"]


class Comparison(msgspec.Struct, frozen=True, kw_only=True, tag="xorbench.comparison/1", tag_field="schema"):
    """Base and head timed in one randomised schedule on one machine."""

    base: str  # targets
    head: str
    task: str
    device: str
    rounds: tuple[tuple[Ratio, ...], ...]  # all rows first; then, anew, the rows that were called faster or slower
    environment: Environment
    confidence: float  # of all intervals of a round together
    seed: int  # of the schedule
    checked: bool  # what was timed was right, in both
    notes: tuple[str, ...] = ()
    started_at: str = ""  # ISO 8601, UTC


class Environment(msgspec.Struct, frozen=True, kw_only=True, tag="xorbench.environment/1", tag_field="schema"):
    """The machine and the software that results were measured with, written once and referred to by its id."""

    id: str  # hash of `machine` and `facts`
    machine: str  # hash of what makes two machines different; records of different machines are never pooled
    facts: dict[str, Any]  # what pyperf records, BLAS and its threads, versions, commit


Line = Record | Environment
