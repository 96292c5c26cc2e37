"""``colorlib colorize``: colorize photos; existing files are replaced only with ``--overwrite``."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from colorlib.cli.common import (
    MODEL_HELP,
    add_device_argument,
    parse_device,
    print_result,
    resolve_model,
)
from colorlib.io.paths import (
    check_no_photo_is_replaced,
    looks_like_file,
    parse_folder,
    parse_path,
)

if TYPE_CHECKING:
    from colorlib.colorizer import Colorizer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add = parser.add_argument
    add("photos", nargs="+", metavar="PHOTO", help="photos, or a folder with all its sub-folders")
    add("--out", help="a file for one photo, else a folder; default: NAME-colorized next to it")
    add("--model", metavar="MODEL", help=MODEL_HELP)
    saturation_help = "0 is gray, 1 is what the model predicts, 1.3 is stronger"
    add("--saturation", type=float, default=1.0, help=saturation_help)
    add("--overwrite", action="store_true", help="replace existing results")
    add_device_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Colorize one photo or several; exit status 1 if one of several failed."""
    from colorlib.inference.folder import FolderReport, colorize_folder
    from colorlib.models.fuse import fuse_conv_bn

    photos = [parse_path(photo) for photo in args.photos]
    first = photos[0]
    is_single = len(photos) == 1 and not first.is_dir()
    out = _result_path(first, args) if is_single else _result_folder(first, args)
    model_path, model = resolve_model(args.model)
    net = fuse_conv_bn(model.net).to(parse_device(args.device))
    model = dataclasses.replace(model, net=net)
    if is_single:
        _colorize_one(model, first, out, args)
        report, text = FolderReport([out], {}), str(out)
    else:
        source = first if len(photos) == 1 else photos
        report = colorize_folder(
            model, source, out, saturation=args.saturation, overwrite=args.overwrite
        )
        text = f"{report}\nin {out}"
    result = {"model": model_path, "written": report.written, "skipped": report.skipped}
    result |= {"left_out": report.left_out, "renamed": report.renamed}
    print_result(args, result, text)
    return 1 if report.failed else 0


def _result_path(photo: Path, args: argparse.Namespace) -> Path:
    """Return the path of the result of a single photo; refuse one that must not be written."""
    from colorlib.inference.paths import output_path
    from colorlib.io.images import WRITABLE_SUFFIXES

    if args.out is None:
        out = output_path(photo)
    elif looks_like_file(args.out):
        out = parse_path(args.out)
        if out.suffix.lower() not in WRITABLE_SUFFIXES:
            expected = f"expected {', '.join(WRITABLE_SUFFIXES)}, or a folder: {out}/"
            raise ValueError(f"{out} ends in {out.suffix!r}; {expected}")
    else:
        out = parse_folder(args.out) / output_path(photo).name
    check_no_photo_is_replaced([photo], [out])
    if out.exists() and not args.overwrite:
        raise FileExistsError(f"{out} exists already; name another --out, or add --overwrite")
    return out


def _result_folder(first: Path, args: argparse.Namespace) -> Path:
    """Return the folder of results; by default NAME-colorized next to a folder of photos."""
    if args.out is not None:
        return parse_folder(args.out)
    if not first.is_dir():
        return Path("colorized")
    if first.name in ("", ".."):  # such as "." or "/"
        first = first.resolve()
    if not first.name:
        raise ValueError(f"{first} has no folder next to it; name one with --out")
    return first.with_name(f"{first.name}-colorized")


def _colorize_one(model: Colorizer, photo: Path, out: Path, args: argparse.Namespace) -> None:
    from colorlib.inference.folder import colorize_with_exif
    from colorlib.io.images import save_image

    result, exif = colorize_with_exif(model, photo, args.saturation)
    if args.out is not None and not looks_like_file(args.out):
        out.parent.mkdir(parents=True, exist_ok=True)
    save_image(result, out, overwrite=args.overwrite, exif=exif)
