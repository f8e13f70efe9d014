"""``xorbench explain``: print the page of a rule."""

from __future__ import annotations

import click

from xorbench.errors import UsageError


@click.command(name="explain")
@click.argument("rule", required=False)
def command(rule: str | None) -> None:
    """Print the page of RULE, an id such as XM05 or a slug; without one, list the rules."""
    from xorbench.verify.rules import RULES, get_rule, page

    if rule is None:
        for one in RULES.values():
            click.echo(f"{one.id}  {one.slug:<28} {one.severity:<6} {one.title}")
        return
    found = get_rule(rule)
    try:
        click.echo(page(found).rstrip())
    except OSError:
        raise UsageError(f"the page of {found.id} is not installed; {found.title}. {found.mend}") from None
