"""``python -m course links``: ask the web for every address of the texts, notebooks and data sets.

Run it by hand: a server that is down for an hour must not fail a test. ``python -m course check``
reads the links inside the project.
"""

from __future__ import annotations

import argparse
import http.client
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from course.tool.course_config import PLACEHOLDER, ROOT
from course.tool.lints.links import all_links

TIMEOUT = 20  # seconds
REFUSES_PROGRAMS = (401, 403, 405, 406, 429)  # the address exists, but not for programs
HEADERS = {"User-Agent": "Mozilla/5.0 (link check of a course)", "Range": "bytes=0-0"}


def main(args: argparse.Namespace, root: Path = ROOT) -> int:
    """Print every dead link and return 1 if there is one."""
    places = external_addresses(root)
    with ThreadPoolExecutor(4) as pool:
        problems = list(pool.map(find_problem, places))
    dead = [
        f"{place}: {address}: {problem}"
        for (address, place), problem in zip(places.items(), problems, strict=True)
        if problem
    ]
    if places and all("no answer" in str(problem) for problem in problems):
        dead = ["No address answered: is there a network? No link was checked."]
    print("\n".join([*dead, f"{len(places)} addresses asked."]))
    return 1 if dead else 0


def external_addresses(root: Path) -> dict[str, str]:
    """Return each address on the web, without its fragment, and the first place that names it."""
    from colorlib.data.catalog import CATALOG

    found: dict[str, str] = {}
    for path, place, target in all_links(root):
        if target.startswith(("http://", "https://")) and PLACEHOLDER not in target:
            found.setdefault(target.partition("#")[0], f"{path}: {place}")
    for source in CATALOG.values():
        for address in source.urls:
            found.setdefault(address, f"colorlib/data/catalog.toml: {source.name}")
    return found


def find_problem(address: str) -> str | None:
    """Request one byte of an address; return what is wrong, or None."""
    try:
        request = urllib.request.Request(address, headers=HEADERS)
        with urllib.request.urlopen(request, timeout=TIMEOUT):
            return None
    except urllib.error.HTTPError as error:
        if error.code in REFUSES_PROGRAMS:
            return None
        return f"the server says {error.code} {error.reason}"
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"no answer ({getattr(error, 'reason', error)})"
