"""The command line: ``colorlib data | train | evaluate | compare | colorize | info``.

Each command lives in the module of its own name. What a person reads goes to the screen, and progress and
messages to its error stream, so that ``--json`` alone fills the standard output. Exit status: 0 done, 1 it
could not be done (one sentence says why), 2 the command was not understood, 130 stopped by the keyboard,
143 by the system (SIGTERM).
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
from colorlib.cli.stop import heeded

COMMANDS = {
    "data": "list data sets; fetch, filter, divide and prepare one",
    "train": "train a colorizer, or go on with a run that was stopped",
    "evaluate": "measure a colorizer on photos whose colours are known",
    "compare": "train the systems of the papers and set them side by side",
    "colorize": "put colour into photos",
    "info": "print versions and devices, to paste into a question",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="colorlib", description="Colour for gray photographs.")
    parser.add_argument("--version", action="version", version=f"colorlib {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        sub = commands.add_parser(
            name, help=text, description=text[0].upper() + text[1:] + ".", formatter_class=_Help
        )
        if words[:1] == [name]:  # only the command that is asked for costs its imports
            module = importlib.import_module(f"colorlib.cli.{name}")
            module.arguments(sub)
            sub.add_argument(
                "--json", action="store_true", help="print the result as JSON, nothing else"
            )
            sub.set_defaults(run=module.run)
    args = parser.parse_args(words)
    with contextlib.suppress(
        AttributeError
    ):  # names of files may hold letters that the screen lacks
        sys.stdout.reconfigure(errors="backslashreplace")
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("colorlib").setLevel(logging.INFO)
    try:
        with heeded():
            return args.run(args)
    except KeyboardInterrupt as stop:
        if os.environ.get("RANK", "0") == "0":  # of the processes of torchrun one speaks
            print(
                f"\ncolorlib {args.command}: stopped; the same command goes on from here",
                file=sys.stderr,
            )
        return getattr(stop, "status", 130)
    except (OSError, ValueError, ArithmeticError, RuntimeError, MemoryError) as error:
        print(f"colorlib {args.command}: {_why(error)}", file=sys.stderr)
        return 1


def _why(error: Exception) -> str:
    """Say what an error says, and what to do where it cannot know: memory runs out anywhere."""
    if isinstance(error, MemoryError | RuntimeError) and "memory ran out" not in str(error):
        from colorlib.engine.precision import is_out_of_memory

        if is_out_of_memory(error):
            return f"memory ran out ({error}); close other programs, or ask for less: --size, --reduced"
    return str(error)


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Say a default where there is one to say."""

    def _get_help_string(self, action: argparse.Action) -> str:
        silent = action.default in (None, False) or not action.option_strings
        return action.help if silent else super()._get_help_string(action)
