"""The command line. Each command lives in its own module of :mod:`xorbench.commands`, loaded when it is named."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from typing import Any

import click

from xorbench import __version__
from xorbench.errors import ExitCode, XorbenchError, did_you_mean

#: Command -> its line in `xorbench --help`. The module is `xorbench.commands.<command>` and holds `command`.
COMMANDS: dict[str, str] = {
    "list": "Show implementations, tasks and what is missing.",
    "run": "Measure implementations side by side and write the tables.",
    "report": "Write the tables and the page again from the records of a run.",
    "check": "Verify implementations and name what is wrong.",
    "explain": "Print the page of a rule.",
    "compare": "Compare two runs, or two targets in one interleaved run.",
    "gate": "Fail when a run is worse than its baseline.",
    "show": "Draw one implementation: regions, hidden space, loss surface.",
    "reproduce": "Run a published result again and compare.",
}


class _ReaderGoneError(Exception):
    """The reader of our output went away, as with `| head`; click would end with the status of a failure."""


class _Commands(click.Group):
    """A group that knows its commands by name and imports only the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if importlib.util.find_spec(f"xorbench.commands.{name}") is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"xorbench.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # what the reader does not take is noticed here, not when the interpreter ends
        except BrokenPipeError:
            raise _ReaderGoneError from None
        return result

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], COMMANDS) or f"; choose from {', '.join(self.list_commands(ctx))}"
            raise click.UsageError(f"no command {args[0]!r}{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, COMMANDS[name]) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="xorbench")
def cli() -> None:
    """Is this XOR network right, and how good is it?

    A target is a registered name with options, numpy-mlp[hidden=4,activation=relu], or your own code,
    package.module:Class or path/to/file.py:Class.
    """


def main(args: list[str] | None = None) -> None:
    """Run the command line and exit with a status of :class:`xorbench.errors.ExitCode`."""
    sys.exit(run(args))


def run(args: list[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    try:
        status: Any = cli.main(args=args, prog_name="xorbench", standalone_mode=False)
        return int(status or ExitCode.OK)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return ExitCode.OK
    except click.UsageError as error:
        error.show()
        return ExitCode.USAGE
    except click.ClickException as error:
        error.show()
        return ExitCode.FAILED
    except XorbenchError as error:
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    except _ReaderGoneError:
        # What is still buffered goes nowhere, instead of raising again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception:
        traceback.print_exc()
        click.echo("This is a defect of xorbench; please report it with the lines above.", err=True)
        return ExitCode.INTERNAL
