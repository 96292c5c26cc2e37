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

    model_path, model = resolve_model(args.model)
    net = fuse_conv_bn(model.net).to(parse_device(args.device))
    model = dataclasses.replace(model, net=net)
    photos = [Path(photo).expanduser() for photo in args.photos]
    first = photos[0]
    if len(photos) == 1 and not first.is_dir():
        out = _colorize_one(model, first, args)
        report, text = FolderReport([out], {}), str(out)
    else:
        source = first if len(photos) == 1 else photos
        next_to_folder = first.with_name(f"{first.resolve().name}-colorized")
        out = args.out or (next_to_folder if first.is_dir() else "colorized")
        report = colorize_folder(
            model, source, out, saturation=args.saturation, overwrite=args.overwrite
        )
        text = f"{report}\nin {out}"
    result = {"model": model_path, "written": report.written, "skipped": report.skipped}
    print_result(args, result, text)
    return 1 if report.failed else 0


def _colorize_one(model: Colorizer, photo: Path, args: argparse.Namespace) -> Path:
    from colorlib.inference.folder import colorize_with_exif
    from colorlib.inference.paths import output_path
    from colorlib.io.images import WRITABLE_SUFFIXES, save_image

    out = Path(args.out).expanduser() if args.out else output_path(photo)
    if out.suffix.lower() not in WRITABLE_SUFFIXES:  # a folder
        out = out / output_path(photo).name
        out.parent.mkdir(parents=True, exist_ok=True)
    if out.exists() and not args.overwrite:
        raise FileExistsError(f"{out} exists already; name another --out, or add --overwrite")
    result, exif = colorize_with_exif(model, photo, args.saturation)
    save_image(result, out, overwrite=args.overwrite, exif=exif)
    return out
