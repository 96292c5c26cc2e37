"""``colorlib export``: write a model as an ONNX file, which runs without PyTorch."""

from __future__ import annotations

import argparse

from colorlib.cli.common import MODEL_HELP, print_result, resolve_model
from colorlib.io.paths import parse_path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add = parser.add_argument
    add("model", metavar="MODEL", help=MODEL_HELP.partition("; default")[0])
    add("out", metavar="OUT.onnx", help="the file to write")
    add("--float32", action="store_true", help="store weights in 32 bits: twice the size")
    add("--overwrite", action="store_true", help="replace an existing file")


def run(args: argparse.Namespace) -> int:
    """Export a model; the file is written only if both runtimes give the same answer."""
    import torch

    from colorlib.inference.onnx_export import export_onnx

    source, model = resolve_model(args.model)
    out = parse_path(args.out)
    dtype = torch.float32 if args.float32 else torch.float16
    metadata = export_onnx(model, out, dtype=dtype, weights=source, overwrite=args.overwrite)
    size = out.stat().st_size
    sides = "multiples of" if metadata["is_dynamic"] else "always"
    text = f"{out}: {size / 1e6:.1f} MB; height and width are {sides} {metadata['size_multiple']}"
    return print_result(args, {"model": source, "written": out, "bytes": size, **metadata}, text)
