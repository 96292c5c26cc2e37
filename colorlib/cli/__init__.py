"""The command line: ``colorlib data | train | evaluate | compare | colorize | info``.

Each command is a module of this package. Results go to the standard output, progress and messages
to the standard error, so that with ``--json`` the standard output is valid JSON. Exit statuses:
0 success, 1 failure with one sentence that explains it, 2 wrong usage, 130 stopped by the keyboard,
143 stopped by the system (SIGTERM).
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import logging
import os
import sys
from collections.abc import Sequence

from colorlib import __version__
from colorlib.engine.signals import handle_stop_signals, raise_stopped

COMMANDS = {
    "data": "list the data sets, or download, filter and split one",
    "train": "train a colorizer, or resume a run that was stopped",
    "evaluate": "measure a colorizer on photos whose colours are known",
    "compare": "train several systems of the papers and compare them",
    "colorize": "colorize photos or folders of photos",
    "info": "print versions and devices for a bug report",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    argv = list(sys.argv[1:] if argv is None else argv)
    args = _create_parser(argv).parse_args(argv)
    with contextlib.suppress(AttributeError):  # a file name may have letters the screen lacks
        sys.stdout.reconfigure(errors="backslashreplace")
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("colorlib").setLevel(logging.INFO)
    try:
        with handle_stop_signals(raise_stopped):
            return args.run(args)
    except KeyboardInterrupt as stop:
        if os.environ.get("RANK", "0") == "0":  # only one of the processes of torchrun prints
            message = "stopped; the same command resumes from here"
            print(f"\ncolorlib {args.command}: {message}", file=sys.stderr)
        return getattr(stop, "status", 130)
    except (OSError, ValueError, ArithmeticError, RuntimeError, MemoryError) as error:
        print(f"colorlib {args.command}: {_error_text(error)}", file=sys.stderr)
        return 1


def _create_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """Create the parser; of the commands, only the one in ``argv`` is imported."""
    parser = argparse.ArgumentParser(prog="colorlib", description="Colorize gray photos.")
    parser.add_argument("--version", action="version", version=f"colorlib {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        description = text[0].upper() + text[1:] + "."
        command = commands.add_parser(
            name, help=text, description=description, formatter_class=_HelpFormatter
        )
        if argv[:1] == [name]:
            module = importlib.import_module(f"colorlib.cli.{name}")
            module.add_arguments(command)
            command.add_argument("--json", action="store_true", help="print the result as JSON")
            command.set_defaults(run=module.run)
    return parser


def _error_text(error: Exception) -> str:
    """Return an error's message, with advice if memory ran out."""
    if isinstance(error, MemoryError | RuntimeError) and "memory ran out" not in str(error):
        from colorlib.engine.precision import is_out_of_memory

        if is_out_of_memory(error):
            advice = "close other programs, or use a smaller --image-size, or --reduced"
            return f"memory ran out ({error}); {advice}"
    return str(error)


class _HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Print the default of an option only if it has one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default in (None, False) or not action.option_strings:
            return action.help
        return super()._get_help_string(action)
