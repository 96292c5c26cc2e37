"""All short benchmarks, today's ratios beside those of the last release: ``python -m benchmarks``.

``--keep`` writes today's as those of this release. Seconds are not kept: they belong to one machine at one
hour, ratios travel further. On another kind of processor ratios differ as well, so the machine stands beside
them.
"""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.race import Report, machine
from colorlib import __version__

KEPT = Path(__file__).with_name("kept.json")
SHORT: dict[str, dict[str, Any]] = {
    "startup": {},
    "lab": {},
    "feed": {"memory": (64,)},
    "step": {},
    "inference": {"batches": (1,), "nets": ("baseline CNN", "MobileNetV2 U-Net", "P0")},
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the short benchmarks, and keep or compare their ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--only", nargs="+", choices=list(SHORT), default=list(SHORT), help="which to run"
    )
    parser.add_argument("--keep", action="store_true", help=f"write the ratios to {KEPT.name}")
    parser.add_argument("--json", type=Path, help="also write all that was measured there")
    args = parser.parse_args(argv)
    reports = []
    for name in args.only:
        reports.append(importlib.import_module(f"benchmarks.{name}").run(**SHORT[name]))
        print(f"{reports[-1]}\n", flush=True)
    if args.json:
        plain = [report.plain() for report in reports]
        args.json.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", "utf-8")
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.is_file() else {}
    print(side_by_side(reports, kept))
    if args.keep:
        kept |= entries(reports)
        KEPT.write_text(
            json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True) + "\n", "utf-8"
        )
    return 0


def entries(reports: Sequence[Report]) -> dict[str, dict[str, Any]]:
    """Give what is kept of each report, by its command."""
    about = {"colorlib": __version__, "machine": machine()}
    return {report.command: about | {"ratios": report.ratios} for report in reports}


def side_by_side(reports: Sequence[Report], kept: dict[str, dict[str, Any]]) -> str:
    """Show today's ratios beside the kept ones, a line each."""
    lines = []
    for report in reports:
        before = kept.get(report.command, {})
        head = (
            f"kept with {before['colorlib']} on {before['machine']}" if before else "none kept yet"
        )
        lines.append(f"{report.command} ({head})")
        names = list(report.ratios)
        width = max(map(len, names), default=0)
        for name in names:
            was = before.get("ratios", {}).get(name)
            said = "    new" if was is None else f"{was:6.2f}x"
            lines.append(f"  {name:{width}}  kept {said}  today {report.ratios[name]:6.2f}x")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
