"""Run every benchmark, or those named: ``python -m benchmarks ensembles report``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
#: Helpers of the others, which measure nothing themselves.
NOT_ALONE = ("__main__", "workers")


def main(wanted: list[str]) -> int:
    """Run the scripts one after the other; return 1 where one of them failed, 4 for a name that is none."""
    scripts = {path.stem: path for path in sorted(HERE.glob("*.py")) if path.stem not in NOT_ALONE}
    unknown = [name for name in wanted if name not in scripts]
    if unknown:
        print(f"no benchmark {unknown[0]!r}; choose from {', '.join(scripts)}", file=sys.stderr)
        return 4
    failed = []
    for name in wanted or scripts:
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, str(scripts[name])], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
