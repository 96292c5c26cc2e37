"""A JupyterLab for the browser tests, with folders and settings of its own."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from course.tool import lab

SETTINGS = {  # all cells are on the page at once, so that a test can name them by their number
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": '{"windowingMode": "none"}',
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": '{"fetchNews": "false"}',
}
FOLDERS = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")


@contextmanager
def start_lab(home: Path) -> Iterator[tuple[str, str]]:
    """Start JupyterLab on ``home/my`` as ``make lab`` does; give its address and its token."""
    for name, text in SETTINGS.items():
        (home / "settings" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / "settings" / name).write_text(text)
    env = {key: value for key, value in os.environ.items() if key != "COURSE_EXPECT"}
    env |= {f"JUPYTER_{name}": str(home / name) for name in FOLDERS}
    env |= {"IPYTHONDIR": str(home / "ipython"), "JUPYTER_PREFER_ENV_PATH": "1"}
    command = [
        *lab.command(home, no_open=True),
        "--port=0",
        f"--LabApp.user_settings_dir={home / 'settings'}",
    ]
    command += [f"--LabApp.workspaces_dir={home / 'workspaces'}"]
    started = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    lines = []
    for line in started.stderr:
        lines.append(line)
        if found := re.search(r"(http://(?:localhost|127\.0\.0\.1):\d+/lab)\?(token=\w+)", line):
            break
    else:
        pytest.fail("JupyterLab did not start: " + "".join(lines))
    threading.Thread(target=lambda: [None for _ in started.stderr], daemon=True).start()
    yield found.groups()
    started.terminate()
    started.wait()
