"""The reader of blocks itself."""

from __future__ import annotations

from pathlib import Path

from tests.docs.blocks import blocks, unlike


def test_blocks_are_found_with_their_options(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A\n\n```sh exit=1 needs=torch,dask\nfalse\n```\n\n1. x\n\n   ```python file=a.py\n   a = 1\n   ```\n"
    )
    first, second = blocks(page)
    assert (first.language, first.options, first.body, first.line) == (
        "sh",
        {"exit": "1", "needs": "torch,dask"},
        "false\n",
        3,
    )
    assert (second.options, second.body) == ({"file": "a.py"}, "a = 1\n")


def test_output_is_compared_loosely_but_in_order() -> None:
    printed = "header\nstep   55.2 us\nsolved 9/10 in 12 s\nbye\n"
    assert unlike("step 1.0 us\n...\nbye", printed) is None
    assert unlike("step 55 ms", printed) == "step 55 ms"
    assert unlike("bye\nheader", printed) == "header"
    assert unlike("solved 10/10 in 3,000 s", printed) is None
    assert unlike("-----", "----------") is None
