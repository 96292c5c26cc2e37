"""The page that colours a photo in the reader's browser: ``colour.html``, and what it loads.

Its programs are in ``course/web/``. They need packages of npm, so a machine without npm makes the
site without this page. The models are exported as ONNX files, and everything large is compressed,
since not every web server does so. A page that is opened from the disk may not read other files,
except scripts: so each file has a twin in ``colour/offline/``, a script with the same bytes.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from course.tool.cli import CourseError
from course.tool.files import atomic_write_bytes, atomic_write_text

WEB = "course/web"
FOLDER = "colour"  # of the page's files, next to colour.html
POLICY = (  # only this site's own files; "blob:" is the worker of a page from the disk
    "default-src 'none'; script-src 'self' file: blob: 'unsafe-inline' 'wasm-unsafe-eval'; "
    "worker-src 'self' blob:; connect-src 'self' blob: data:; "
    "style-src 'self' file: 'unsafe-inline'; img-src 'self' file: blob: data:; "
    "font-src 'self' file: data:"
)
_RUNTIME = "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"
_SAMPLE_HEIGHT = 400
_MISSING = (
    "The page that colours a photo in the browser was not made: its packages of npm are not "
    "installed. Install Node.js, then run: make setup"
)


def is_available(root: Path) -> bool:
    """Return whether the page can be made: its packages of npm are installed."""
    return (root / WEB / "node_modules" / _RUNTIME).is_file()


def make(root: Path, out: Path) -> str | None:
    """Make the files of the page in ``out/colour/``.

    Args:
        root: The course.
        out: The folder of the site.

    Returns:
        The source of the page itself, as Markdown for Sphinx; None, after a printed sentence, if
        the packages of npm are not installed.
    """
    if not is_available(root):
        if (root / WEB).is_dir():
            print(_MISSING)
        return None
    from colorlib import __version__, pretrained

    web, folder = root / WEB, out / FOLDER
    (folder / "samples").mkdir(parents=True, exist_ok=True)
    for script in ("page", "worker", "lesson"):
        _bundle(web, f"{script}.js", folder / f"{script}.js")
    shutil.copyfile(web / "colour.css", folder / "colour.css")
    runtime = (web / "node_modules" / _RUNTIME).read_bytes()
    names = {
        "runtime": _write_compressed(folder / "onnxruntime.wasm.gz", runtime),
        **{name: _export(name, folder) for name in pretrained.NAMES},
    }
    samples = _write_samples(folder)
    settings = {
        "models": {name: names[name] for name in pretrained.NAMES},
        "runtime": names["runtime"],
        "software": f"colorlib {__version__}",
    }
    files = [file["file"] for file in (*names.values(), *samples)] + ["worker.js"]
    for file in files:
        _write_twin(folder, file)
    parts = (names["runtime"], names[pretrained.DEFAULT])
    environment = Environment(loader=FileSystemLoader(web), undefined=StrictUndefined)
    return environment.get_template("colour.md.jinja").render(
        samples=samples,
        models=settings["models"],
        default=pretrained.DEFAULT,
        settings=json.dumps(settings),
        megabytes=f"{sum(part['bytes'] for part in parts) / 1e6:.1f}",
    )


def _bundle(web: Path, source: str, target: Path) -> None:
    """Join a script and all that it imports into one file: a page from the disk cannot import."""
    options = ["--bundle", "--minify", "--format=iife", "--target=es2022", "--log-level=warning"]
    command = ["node_modules/.bin/esbuild", source, *options, f"--outfile={target.resolve()}"]
    done = subprocess.run(command, cwd=web, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CourseError(f"esbuild could not bundle {WEB}/{source}: {done.stderr.strip()}")


def _export(name: str, folder: Path) -> dict[str, Any]:
    """Write a shipped model as a compressed ONNX file, unless it is there already."""
    from colorlib import __version__, pretrained
    from colorlib.inference import onnx_export
    from colorlib.inference.uncertainty import uncertainty_path, with_uncertainty

    weights = pretrained.weights_path(name)
    uncertainty = uncertainty_path(weights)
    has_uncertainty = uncertainty.is_file()
    about = folder / f"{name}.json"
    exporter = Path(onnx_export.__file__)  # it decides what the graph contains
    files = [weights, exporter, *([uncertainty] if has_uncertainty else [])]
    source = " ".join([__version__, *map(pretrained.sha256, files)])
    if about.exists():
        known = json.loads(about.read_text("utf-8"))
        if known["source"] == source and (folder / known["file"]).exists():
            return known
    path = folder / f"{name}.onnx"
    model = pretrained.load(name)
    net = with_uncertainty(model, weights).net if has_uncertainty else None
    settings = onnx_export.export_onnx(
        model, path, weights=weights, uncertainty=net, overwrite=True
    )
    entry = _write_compressed(path.with_suffix(".onnx.gz"), path.read_bytes())
    path.unlink()
    entry |= {"settings": settings, "source": source}
    atomic_write_text(about, json.dumps(entry))
    return entry


def _write_compressed(path: Path, data: bytes) -> dict[str, Any]:
    if not (path.exists() and gzip.decompress(path.read_bytes()) == data):
        atomic_write_bytes(path, gzip.compress(data, 9, mtime=0))
    return {"file": path.name, "bytes": path.stat().st_size}


def _write_samples(folder: Path) -> list[dict[str, Any]]:
    """Write the sample photos in gray, as JPEG files."""
    from colorlib.data import sample_photos
    from colorlib.io.images import load_image

    samples = []
    for photo in sample_photos("all"):
        image = load_image(photo.path).convert("L")
        image.thumbnail((2 * _SAMPLE_HEIGHT, _SAMPLE_HEIGHT))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=90)
        name = f"samples/{photo.name}.jpg"
        atomic_write_bytes(folder / name, file.getvalue())
        about = {"title": photo.title, "credit": photo.credit, "licence": photo.licence}
        samples.append({"file": name, **about})
    return samples


def _write_twin(folder: Path, name: str) -> None:
    """Write a script that holds a file's bytes as base64 in ``colourFiles``."""
    path = folder / "offline" / f"{name}.js"
    path.parent.mkdir(parents=True, exist_ok=True)
    data = base64.b64encode((folder / name).read_bytes()).decode()
    text = f'(globalThis.colourFiles ??= {{}})["{name}"] = "{data}";\n'
    atomic_write_text(path, text)
