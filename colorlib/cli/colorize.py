"""``colorlib colorize``: photos in, colour photos out; nothing that exists is overwritten unasked."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from colorlib.cli.common import device, device_argument, tell
from colorlib.cli.models import MODEL, take


def arguments(parser: argparse.ArgumentParser) -> None:
    """Ask for photos, and how to colour them."""
    add = parser.add_argument
    add(
        "photos",
        nargs="+",
        metavar="PHOTO",
        help="a photo, several, or a folder with all folders inside it",
    )
    add(
        "--out",
        help="a file for one photo, else a folder; NAME-colorized.EXT beside it if not given",
    )
    add("--model", metavar="MODEL", help=MODEL)
    add(
        "--saturation",
        type=float,
        default=1.0,
        help="0 is gray, 1 is what the network said, 1.3 is stronger",
    )
    add("--overwrite", action="store_true", help="replace results that exist")
    device_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Colour one photo, or many; exit status 1 if a photo of several failed."""
    from colorlib.inference.folder import colorize_folder
    from colorlib.inference.paths import output_path
    from colorlib.io.exif import exif_for_result
    from colorlib.io.images import WRITABLE_SUFFIXES, save_image
    from colorlib.models.fuse import fuse_conv_bn

    path, model = take(args.model)
    model = dataclasses.replace(model, net=fuse_conv_bn(model.net).to(device(args.device)))
    first = Path(args.photos[0]).expanduser()
    if len(args.photos) == 1 and not first.is_dir():
        out = Path(args.out).expanduser() if args.out else output_path(first)
        if out.suffix.lower() not in WRITABLE_SUFFIXES:
            out = out / output_path(first).name
            out.parent.mkdir(parents=True, exist_ok=True)
        if out.exists() and not args.overwrite:
            raise FileExistsError(f"{out} exists already; name another --out, or add --overwrite")
        result = model(first, args.saturation)
        save_image(result, out, overwrite=args.overwrite, exif=exif_for_result(first, result.size))
        return tell(args, {"model": path, "written": [out], "skipped": {}}, str(out))
    source = first if len(args.photos) == 1 else [Path(photo).expanduser() for photo in args.photos]
    beside = first.with_name(f"{first.resolve().name}-colorized") if first.is_dir() else "colorized"
    out = args.out or beside
    done = colorize_folder(model, source, out, saturation=args.saturation, overwrite=args.overwrite)
    tell(
        args, {"model": path, "written": done.written, "skipped": done.skipped}, f"{done}\nin {out}"
    )
    return 1 if done.failed else 0
