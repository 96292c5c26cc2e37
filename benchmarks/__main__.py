"""All short benchmarks, with today's ratios next to those of the last release.

Run it with ``python -m benchmarks``; ``--keep`` saves today's ratios as those of this release.
Seconds are not saved: they belong to one machine at one hour, ratios travel further. On another
kind of processor ratios differ as well, so the machine is saved with them.
"""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.timing import Report, describe_machine
from colorlib import __version__

REFERENCE = Path(__file__).with_name("reference_ratios.json")
SHORT: dict[str, dict[str, Any]] = {
    "startup": {},
    "color_conversion": {},
    "data_loading": {"memory": (64,)},
    "step": {},
    "inference": {"batches": (1,), "nets": ("baseline CNN", "MobileNetV2 U-Net", "P0")},
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the short benchmarks, and save their ratios or compare them with the reference."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    names = list(SHORT)
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="which to run")
    parser.add_argument("--keep", action="store_true", help=f"save the ratios in {REFERENCE.name}")
    parser.add_argument("--json", type=Path, help="also save all measurements in this file")
    args = parser.parse_args(argv)
    reports = []
    for name in args.only:
        report = importlib.import_module(f"benchmarks.{name}").run(**SHORT[name])
        reports.append(report)
        print(f"{report}\n", flush=True)
    if args.json:
        _write_json(args.json, [report.to_dict() for report in reports])
    reference = json.loads(REFERENCE.read_text("utf-8")) if REFERENCE.is_file() else {}
    print(format_comparison(reports, reference))
    if args.keep:
        _write_json(REFERENCE, reference | reference_entries(reports), sort_keys=True)
    return 0


def reference_entries(reports: Sequence[Report]) -> dict[str, dict[str, Any]]:
    """Return the part of each report that is saved as reference, by its command."""
    about = {"colorlib": __version__, "machine": describe_machine()}
    return {report.command: about | {"ratios": report.ratios} for report in reports}


def format_comparison(reports: Sequence[Report], reference: Mapping[str, dict[str, Any]]) -> str:
    """Format today's ratios next to the saved ones, a line each."""
    lines = []
    for report in reports:
        saved = reference.get(report.command)
        about = f"reference: {saved['colorlib']} on {saved['machine']}" if saved else "no reference"
        lines.append(f"{report.command} ({about})")
        saved_ratios = saved["ratios"] if saved else {}
        width = max(map(len, report.ratios), default=0)
        for name, ratio in report.ratios.items():
            before = f"{saved_ratios[name]:6.2f}x" if name in saved_ratios else "    new"
            lines.append(f"  {name:{width}}  reference {before}  today {ratio:6.2f}x")
    return "\n".join(lines)


def _write_json(path: Path, content: Any, sort_keys: bool = False) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=sort_keys)
    path.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
