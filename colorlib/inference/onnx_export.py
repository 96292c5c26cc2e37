"""Export of a colorizer's network as an ONNX file, which runs without PyTorch, as in a browser.

The file maps L (1, 1, h, w) to what the network predicts and, if the model has an
:class:`~colorlib.inference.uncertainty.UncertaintyNet`, to how far it expects its colours to be
from the true ones. Everything else that a program needs to colour a photo as
:class:`~colorlib.colorizer.Colorizer` does is in the file's metadata, as JSON: the scaler, the size
of the input, and of what its sides are multiples.
"""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from colorlib import __version__, pretrained
from colorlib.colorizer import Colorizer
from colorlib.io.files import atomic_write
from colorlib.models.fuse import fuse_conv_bn

if TYPE_CHECKING:
    import onnx

    from colorlib.inference.uncertainty import UncertaintyNet

METADATA_KEY = "colorlib"
_PACKAGES = ("onnx", "onnxscript", "onnxruntime")
_TOLERANCE = {torch.float32: 1e-4, torch.float16: 1e-2}  # of outputs in [-1, 1]
_SMALL = 256  # weights of at most so many numbers stay in float32: they hardly take space


class _Predict(nn.Module):
    """A generator without the check and the padding of its input."""

    output_names = ("output",)

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, L: Float[Tensor, "1 1 h w"]) -> tuple[Tensor, ...]:
        return (self.net.predict(L),)


class _PredictWithUncertainty(nn.Module):
    """The colours of a network and their uncertainty, both at the size of L, from one pass."""

    output_names = ("output", "uncertainty")

    def __init__(self, uncertainty: UncertaintyNet) -> None:
        super().__init__()
        self.uncertainty = uncertainty

    def forward(self, L: Float[Tensor, "1 1 h w"]) -> tuple[Tensor, ...]:
        net = self.uncertainty.net
        features = net.forward_features(L)
        distance = self.uncertainty.forward_head(features)
        distance = F.interpolate(distance, scale_factor=2.0, mode="bilinear")
        return net.forward_head(features), distance


_Network = _Predict | _PredictWithUncertainty


def export_onnx(
    model: Colorizer,
    path: str | Path,
    *,
    dtype: torch.dtype = torch.float16,
    weights: str | Path | None = None,
    uncertainty: UncertaintyNet | None = None,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write the network of a colorizer as an ONNX file, after comparing their outputs.

    Batch norms are fused into convolutions. Height and width are free, as far as the network allows
    it: multiples of ``size_multiple`` in the metadata. A network with a fixed size keeps the
    model's ``image_size``.

    Args:
        model: the model; its generator takes L alone.
        path: the file, which ends in ``.onnx``.
        dtype: of the stored weights, float16 or float32; the network computes in float32 anyway.
        weights: the file that the model came from; its name and SHA-256 become metadata.
        uncertainty: the network that predicts how far the model's colours are from the true ones;
            the file then has a second output, ``uncertainty``: the distance in Lab units at the
            size of L.
        overwrite: whether an existing file is replaced.

    Returns:
        The metadata of the file.

    Raises:
        ImportError: if a package for ONNX is not installed.
        ValueError: if ``path`` does not end in ``.onnx``, or ``uncertainty`` belongs to another
            network.
        FileExistsError: if the file exists, and ``overwrite`` is False.
        RuntimeError: if an output of onnxruntime differs from PyTorch's.
    """
    path = Path(path)
    if path.suffix != ".onnx":
        raise ValueError(f"{path} ends in {path.suffix!r}; expected a name that ends in '.onnx'")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists already; choose another name, or overwrite it")
    if uncertainty is not None and uncertainty.net is not model.net:
        raise ValueError("uncertainty belongs to another network; expected that of the model")
    _check_packages()
    import onnx

    net = model.net
    network = _Predict(net) if uncertainty is None else _PredictWithUncertainty(uncertainty)
    network = fuse_conv_bn(network).float().cpu().to(memory_format=torch.contiguous_format)
    size = _multiple_above(model.image_size, net.size_multiple)
    proto, is_dynamic = _convert(network, size, net.size_multiple)
    if dtype is torch.float16:
        _store_in_half_precision(proto)
    metadata = {
        "version": __version__,
        "net": model.net.config,
        "scaler": dataclasses.asdict(model.scaler),
        "image_size": model.image_size,
        "tta": model.tta,
        "min_size": net.min_size,
        "size_multiple": net.size_multiple if is_dynamic else size,
        "is_dynamic": is_dynamic,
        "has_uncertainty": uncertainty is not None,
        "weights": None,
    }
    if weights is not None:
        file = Path(weights)
        metadata["weights"] = {"name": file.name, "sha256": pretrained.sha256(file)}
    onnx.helper.set_model_props(proto, {METADATA_KEY: json.dumps(metadata)})
    data = proto.SerializeToString()
    for width in (size, size + net.size_multiple)[: 1 + is_dynamic]:
        _compare(data, network, size, width, _TOLERANCE[dtype])
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(data)
    return metadata


def _check_packages() -> None:
    """Raise ImportError unless all packages for ONNX are installed."""
    from importlib.util import find_spec

    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        found = f"{', '.join(missing)} is not installed"
        raise ImportError(f"{found}; ONNX files need it: pip install {' '.join(_PACKAGES)}")


def _multiple_above(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple


def _convert(network: _Network, size: int, multiple: int) -> tuple[onnx.ModelProto, bool]:
    """Return the network as ONNX, and whether its height and width are free."""
    import onnx

    height, width = (multiple * torch.export.Dim(name, min=1, max=64) for name in "hw")
    options = {"input_names": ["L"], "output_names": list(network.output_names)}
    with _without_messages_of_torch():
        try:
            L = torch.zeros(1, 1, size, size + multiple)
            shape = ({2: height, 3: width},)
            program = torch.onnx.export(
                network, (L,), dynamo=True, dynamic_shapes=shape, verbose=False, **options
            )
            return program.model_proto, True
        except Exception:  # torch raises many kinds where an operation needs a fixed size
            # The older exporter records one run: it takes any network, at one size.
            file = io.BytesIO()
            L = torch.zeros(1, 1, size, size)
            torch.onnx.export(network, (L,), file, dynamo=False, **options)
            return onnx.load_model_from_string(file.getvalue()), False


@contextmanager
def _without_messages_of_torch() -> Iterator[None]:
    """Hide warnings of torch's own code, and the traces of attempts that have an alternative."""
    disabled = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)


def _store_in_half_precision(proto: onnx.ModelProto) -> None:
    """Store large weights in float16; a Cast in the graph turns each into float32 when it runs."""
    import numpy as np
    import onnx
    from onnx import numpy_helper

    casts = []
    for weights in proto.graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.dtype != np.float32 or values.size <= _SMALL:
            continue
        name = weights.name
        weights.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(
            onnx.helper.make_node("Cast", [f"{name}.half"], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)


def _compare(data: bytes, network: _Network, height: int, width: int, tolerance: float) -> None:
    """Raise RuntimeError if an output of onnxruntime for a random image differs from PyTorch's."""
    import onnxruntime

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    L = torch.rand(1, 1, height, width, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        outputs = network(L)
    found = session.run(list(network.output_names), {"L": L.numpy()})
    for name, output, expected in zip(network.output_names, found, outputs, strict=True):
        scale = expected.abs().max().clamp(min=1).item()
        difference = (torch.from_numpy(output) - expected).abs().max().item() / scale
        if not difference <= tolerance:
            raise RuntimeError(
                f"onnxruntime's {name} differs from PyTorch's by {difference:.2g}; expected at "
                f"most {tolerance:g}: nothing is written; try dtype float32 or other versions"
            )
