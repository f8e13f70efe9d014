"""Running a stranger's code where it can do no harm to a run: one supervised child process per call.

    outcome = sandbox.call("package.module:function", argument, limits=Limits(time_s=60, memory_bytes=2 << 30))

It contains crashes, hangs, memory and output. It does not contain malice: the code runs with the user's rights.

Three kinds of process stand behind a call, all gone with the caller, however that ends:

* a *template* (:mod:`.template`) has imported NumPy, or PyTorch too, once, and forks
* *supervisors* (:mod:`.supervisor`), one per call at a time, which fork
* the *child* (:mod:`.child`) that calls the function, watch its limits and kill whatever it leaves behind.
"""

from xorbench.sandbox.client import call, shutdown
from xorbench.sandbox.outcome import Limits, Outcome

__all__ = ["Limits", "Outcome", "call", "shutdown"]
