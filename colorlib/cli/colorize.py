"""``colorlib colorize``: colorize photos; existing files are replaced only with ``--overwrite``."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from colorlib.cli.common import (
    MODEL_HELP,
    add_device_argument,
    add_seed_argument,
    parse_device,
    print_result,
    resolve_model,
)
from colorlib.io.paths import (
    check_no_photo_is_replaced,
    check_outside,
    looks_like_file,
    parse_folder,
    parse_path,
)

if TYPE_CHECKING:
    from colorlib.colorizer import Colorizer
    from colorlib.inference.folder import FolderReport
    from colorlib.inference.hints import Hints

_MAX_SAMPLES = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add = parser.add_argument
    add("photos", nargs="+", metavar="PHOTO", help="photos, or a folder with all its sub-folders")
    add("--out", help="a file for one photo, else a folder; default: NAME-colorized next to it")
    add("--model", metavar="MODEL", help=MODEL_HELP)
    saturation_help = "0 is gray, 1 is what the model predicts, 1.3 is stronger"
    add("--saturation", type=float, default=1.0, help=saturation_help)
    temperature_help = (
        "of a model of colour bins: 0 is the most probable colour, 1 the mean; "
        "default: the model's own, or 1 with --samples"
    )
    add("--temperature", type=float, metavar="T", help=temperature_help)
    samples_help = "of a model of colour bins: N results with different colours, by its odds"
    add("--samples", type=int, metavar="N", help=samples_help)
    add_seed_argument(parser)
    strokes_help = "a PNG of one photo's size with coloured strokes, transparent elsewhere"
    add("--hints", metavar="STROKES", help=strokes_help)
    hint_help = "a colour at a point of one photo, such as 120,80=#3a62c4; repeat it for more"
    add("--hint", action="append", default=[], metavar="X,Y=COLOUR", help=hint_help)
    doubt_help = "also write where the model guesses, as orange on the gray photo: NAME-doubt"
    add("--show-doubt", action="store_true", help=doubt_help)
    add("--overwrite", action="store_true", help="replace existing results")
    add_device_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Colorize one photo or several; exit status 1 if one of several failed."""
    from colorlib.models.fuse import fuse_conv_bn

    photos = [parse_path(photo) for photo in args.photos]
    is_single = len(photos) == 1 and not photos[0].is_dir()
    hints = _parse_hints(args, is_single)
    outs = _result_paths(photos[0], args) if is_single else _result_folders(photos[0], args)
    model_path, model = resolve_model(args.model)
    net = fuse_conv_bn(model.net).to(parse_device(args.device))
    models = _choose_decoding(dataclasses.replace(model, net=net), args)
    if hints is not None:
        models = _add_hints(models, hints, outs)
    if args.show_doubt:
        from colorlib.inference.uncertainty import with_uncertainty

        models = [*models, with_uncertainty(dataclasses.replace(model, net=net), model_path)]
    colorize = _colorize_one if is_single else _colorize_many
    reports = [colorize(model, photos, out, args) for model, out in zip(models, outs, strict=True)]
    lines = map(str, outs)
    if not is_single:
        lines = [f"{report}\nin {out}" for report, out in zip(reports, outs, strict=True)]
    result = {"model": model_path, "written": [], "skipped": {}, "left_out": {}, "renamed": {}}
    for report in reports:
        result["written"] += report.written
        for name in ("skipped", "left_out", "renamed"):
            result[name] |= getattr(report, name)
    print_result(args, result, "\n".join(lines))
    return 1 if any(report.failed for report in reports) else 0


def _choose_decoding(model: Colorizer, args: argparse.Namespace) -> list[Colorizer]:
    """Return the model with the temperature that was asked for, or a copy for each sample."""
    from colorlib.inference.decoding import sampling_models, with_temperature

    if args.samples is not None:
        temperature = 1.0 if args.temperature is None else args.temperature
        return list(sampling_models(model, args.samples, temperature=temperature, seed=args.seed))
    return [model if args.temperature is None else with_temperature(model, args.temperature)]


def _parse_hints(args: argparse.Namespace, is_single: bool) -> Hints | None:
    """Return the hints that were asked for; they are for a single photo."""
    from colorlib.inference.hints import Hints, PointHint

    if args.hints is None and not args.hint:
        return None
    if not is_single:
        found = "hints were given for several photos"
        raise ValueError(f"{found}; expected one photo, because each needs hints of its own")
    strokes = None if args.hints is None else parse_path(args.hints)
    return Hints(strokes, [PointHint.parse(hint) for hint in args.hint])


def _add_hints(models: list[Colorizer], hints: Hints, outs: list[Path]) -> list[Colorizer]:
    """Return copies of the models with hints; refuse a result that would replace the strokes."""
    from colorlib.inference.hints import with_hints

    if hints.strokes is not None:
        check_no_photo_is_replaced([hints.strokes], outs)
    return [with_hints(model, hints) for model in models]


def _result_paths(photo: Path, args: argparse.Namespace) -> list[Path]:
    """Return the path of each result of a single photo; refuse one that must not be written."""
    from colorlib.inference.paths import variant_path

    out = _result_path(photo, args)
    outs = [out]
    if args.samples is not None:
        outs = [variant_path(out, str(number)) for number in _sample_numbers(args)]
    if args.show_doubt:
        outs.append(variant_path(out, "doubt"))
    check_no_photo_is_replaced([photo], outs)
    existing = [out for out in outs if out.exists()]
    if existing and not args.overwrite:
        raise FileExistsError(
            f"{existing[0]} exists already; name another --out, or add --overwrite"
        )
    return outs


def _result_path(photo: Path, args: argparse.Namespace) -> Path:
    """Return the path of the result of a single photo."""
    from colorlib.inference.paths import output_path
    from colorlib.io.images import WRITABLE_SUFFIXES

    if args.out is None:
        return output_path(photo)
    if not looks_like_file(args.out):
        return parse_folder(args.out) / output_path(photo).name
    out = parse_path(args.out)
    if out.suffix.lower() not in WRITABLE_SUFFIXES:
        expected = f"expected {', '.join(WRITABLE_SUFFIXES)}, or a folder: {out}/"
        raise ValueError(f"{out} ends in {out.suffix!r}; {expected}")
    return out


def _result_folders(first: Path, args: argparse.Namespace) -> list[Path]:
    """Return the folder of results, or a sub-folder of it for each sample; and that of doubts."""
    out = _result_folder(first, args)
    outs = [out]
    if args.samples is not None:
        outs = [out / str(number) for number in _sample_numbers(args)]
    if args.show_doubt:
        out = out.resolve()
        outs.append(out.with_name(f"{out.name}-doubt"))
    if first.is_dir() and (args.samples is not None or args.show_doubt):
        for folder in outs:
            check_outside(folder, first)
    return outs


def _sample_numbers(args: argparse.Namespace) -> range:
    if not 1 <= args.samples <= _MAX_SAMPLES:
        raise ValueError(f"--samples is {args.samples}; expected 1 to {_MAX_SAMPLES}")
    return range(1, args.samples + 1)


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


def _colorize_one(
    model: Colorizer, photos: list[Path], out: Path, args: argparse.Namespace
) -> FolderReport:
    from colorlib.inference.folder import FolderReport, colorize_with_exif
    from colorlib.io.images import save_image

    result, exif = colorize_with_exif(model, photos[0], args.saturation)
    if args.out is not None and not looks_like_file(args.out):
        out.parent.mkdir(parents=True, exist_ok=True)
    save_image(result, out, overwrite=args.overwrite, exif=exif)
    return FolderReport([out], {})


def _colorize_many(
    model: Colorizer, photos: list[Path], out: Path, args: argparse.Namespace
) -> FolderReport:
    from colorlib.inference.folder import colorize_folder

    source = photos[0] if len(photos) == 1 else photos
    return colorize_folder(model, source, out, saturation=args.saturation, overwrite=args.overwrite)
