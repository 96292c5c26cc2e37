"""``python -m course links``: every link looked up; with ``--outside`` those to the web as well.

``python -m course check`` reads the links inside the project each time. The web is asked by hand only: a
server that is away for an hour must not turn a test red.
"""

from __future__ import annotations

import argparse
import http.client
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from course.tool.course_config import PLACEHOLDER, ROOT
from course.tool.lints.links import every, internal_links

SECONDS = 20
REFUSING = (401, 403, 405, 406, 429)  # there, but not for programs
BROWSER = {"User-Agent": "Mozilla/5.0 (link check of a course)", "Range": "bytes=0-0"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument(
        "--outside", action="store_true", help="ask the web for every address, data sets too"
    )


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Print what leads nowhere; 1 if something does."""
    dead = [str(finding) for finding in internal_links(root)]
    asked = 0
    if args.outside:
        places = outside(root)
        asked = len(places)
        with ThreadPoolExecutor(4) as pool:
            answers = pool.map(answer, places)
            dead += [
                f"{places[address]}: {address}: {said}"
                for address, said in zip(places, answers, strict=True)
                if said
            ]
    if asked and len(dead) >= asked and all("no answer" in line for line in dead):
        print("No address answered: is there a network? Nothing is said of any link.")
        return 1
    for line in dead:
        print(line)
    print(f"{len(dead)} dead link{'' if len(dead) == 1 else 's'}; {asked} asked outside.")
    return 1 if dead else 0


def outside(root: Path) -> dict[str, str]:
    """Each address on the web, without its fragment, and where it stands first."""
    from colorlib.data.sources import SOURCES

    found: dict[str, str] = {}
    for path, place, target in every(root):
        if target.startswith(("http://", "https://")) and PLACEHOLDER not in target:
            found.setdefault(target.partition("#")[0], f"{path}: {place}")
    for source in SOURCES.values():
        for address in source.urls:
            found.setdefault(address, f"colorlib/data/sources.toml: {source.name}")
    return found


def answer(address: str) -> str | None:
    """What is wrong with an address; None if a server has something there. One byte is asked for."""
    try:
        request = urllib.request.Request(address, headers=BROWSER)
        with urllib.request.urlopen(request, timeout=SECONDS):
            return None
    except urllib.error.HTTPError as error:
        return None if error.code in REFUSING else f"the server says {error.code} {error.reason}"
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"no answer ({getattr(error, 'reason', error)})"
