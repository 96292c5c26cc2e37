"""The command line: ``colorlib data``, ``train``, ``evaluate``, ``compare``, ``colorize``, ...

Each command is a module of this package. Results go to the standard output, progress and messages
to the standard error, so that with ``--json`` the standard output is valid JSON.
:mod:`colorlib.cli.errors` turns errors into sentences and exit statuses.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
from collections.abc import Sequence

from colorlib import __version__
from colorlib.cli.errors import run_command
from colorlib.io.threads import available_cores, configure_threads, free_cores

COMMANDS = {
    "data": "list the data sets, or download, filter and split one",
    "train": "train a colorizer, or resume a run that was stopped",
    "evaluate": "measure a colorizer on photos whose colours are known",
    "compare": "train several systems of the papers and compare them",
    "colorize": "colorize photos or folders of photos",
    "export": "write a model as an ONNX file, which runs without PyTorch",
    "cache": "list or remove downloads and prepared images",
    "info": "print versions and devices for a bug report",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    argv = list(sys.argv[1:] if argv is None else argv)
    # A run that is resumed computes with as many threads as before, to be the same in every bit.
    trains = argv[:1] in (["train"], ["compare"])
    configure_threads(available_cores() if trains else free_cores())
    name = " ".join(["colorlib", *(word for word in argv[:1] if word in COMMANDS)])
    return run_command(
        name, lambda: _run(argv), stopped="stopped; the same command resumes from here"
    )


def _run(argv: Sequence[str]) -> int:
    args = _create_parser(argv).parse_args(argv)
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("colorlib").setLevel(logging.INFO)
    return args.run(args)


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


class _HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Print the default of an option only if it has one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default in (None, False) or not action.option_strings:
            return action.help
        return super()._get_help_string(action)
