"""``colorlib cache``: what downloads and prepared images take on the disk, and how to clear it."""

from __future__ import annotations

import argparse

from colorlib.cli.common import format_columns, print_result

_KINDS = {
    "prepared": ("prepared",),
    "downloads": ("downloads",),
    "all": ("prepared", "downloads"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    clear_help = "remove prepared images; with downloads or all, remove those. All is made again"
    parser.add_argument("--clear", nargs="?", const="prepared", choices=_KINDS, help=clear_help)


def run(args: argparse.Namespace) -> int:
    """List the cache, or clear it."""
    from colorlib.data.cache_storage import cache_folder, clear_cache, list_cache
    from colorlib.io.disk_space import format_bytes

    folder = cache_folder()
    if args.clear is not None:
        freed = clear_cache(_KINDS[args.clear])
        result = {"folder": folder, "freed_bytes": freed}
        return print_result(args, result, f"{format_bytes(freed)} freed in {folder}")
    entries = list_cache()
    total = sum(entry.num_bytes for entry in entries)
    rows = [[entry.kind, format_bytes(entry.num_bytes), entry.title] for entry in entries]
    rows.append(["total", format_bytes(total), str(folder)])
    result = {
        "folder": folder,
        "bytes": total,
        "entries": [
            {"kind": entry.kind, "bytes": entry.num_bytes, "title": entry.title}
            for entry in entries
        ],
    }
    lines = [format_columns(rows)]
    if entries:
        lines.append("colorlib cache --clear removes the prepared images; they are made again")
    return print_result(args, result, "\n".join(lines))
