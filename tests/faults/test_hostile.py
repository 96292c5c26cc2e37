"""Hostile weights, checkpoints and arrays run no code, fill no memory, build no huge network."""

import json
import os
import pickle
import resource
import struct
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorlib.cli import main
from colorlib.colorizer import Colorizer
from colorlib.data import sample_photos
from colorlib.data.image_cache import build_image_cache
from colorlib.discriminators import ImageDiscriminator, PatchDiscriminator, PixelDiscriminator
from colorlib.io import checkpoint
from colorlib.io.checkpoint import CheckpointError, load_weights
from colorlib.models import backbones, registry, schema
from colorlib.unet import UNet

STATM = Path("/proc/self/statm")


@contextmanager
def limited_memory(more=400_000_000):
    """Allow this process to take 400 MB more than it has, where the system allows such limits."""
    if not STATM.exists():
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(STATM.read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


# Pickles


class Payload:
    """An object that creates a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.fixture
def payload(tmp_path):
    """Return a function that pickles a payload in some form; afterwards it must not have run."""
    folder = tmp_path / "unpickled"

    def make(form):
        path = tmp_path / "payload.npy"
        if form == "array":
            np.save(path, np.array([Payload(folder)], dtype=object), allow_pickle=True)
        elif form == "pickle":
            path.write_bytes(pickle.dumps(Payload(folder)))
        else:
            is_new = form == "torch"
            weights = {"weight": Payload(folder)}
            torch.save(weights, path, _use_new_zipfile_serialization=is_new)
        data = path.read_bytes()
        path.unlink()
        return data

    pickle.loads(pickle.dumps(Payload(folder)))  # it would run
    folder.rmdir()
    yield make
    assert not folder.exists()


FORMS = pytest.mark.parametrize("form", ["pickle", "torch", "old torch", "array"])


@FORMS
def test_load_model_refuses_pickle(form, payload, tmp_path, capsys, record_trials):
    names = ("model.safetensors", "model.pth", "model.pkl")
    for name in names:
        path = tmp_path / name
        path.write_bytes(payload(form))
        with pytest.raises(CheckpointError, match=f"{name} is not a complete safetensors file"):
            Colorizer.load(path)
        assert main(["colorize", "photo.jpg", "--model", str(path)]) == 1
        assert "is not a complete safetensors file" in capsys.readouterr().err
    record_trials("pickle", 2 * len(names), (tmp_path / "unpickled").exists())


@FORMS
def test_load_checkpoint_refuses_pickle(form, payload, tmp_path, record_trials):
    write_checkpoint(tmp_path, payload(form))
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        checkpoint.load_latest_checkpoint(tmp_path)
    record_trials("pickle", 1, (tmp_path / "unpickled").exists())


def write_checkpoint(folder, data):
    """Save a file under the name that its hash demands."""
    digest = checkpoint._digest(data)
    (folder / f"checkpoint-e0001-s000001-{digest}.safetensors").write_bytes(data)


def test_image_cache_with_pickle_is_rebuilt(payload, tmp_path, record_trials):
    out, photos = tmp_path / "cache", sample_photos("test")
    build_image_cache(photos, 16, out)
    (out / "pixels.npy").write_bytes(payload("array"))
    assert build_image_cache(photos, 16, out).__getitems__([0]).shape == (1, 3, 16, 16)
    record_trials("pickle", 1, (tmp_path / "unpickled").exists())


@pytest.fixture
def imagenet_weights(tmp_path, monkeypatch):
    """The place where torchvision, and our own message, expect the weights of a resnet18."""
    from torchvision import models

    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    url = models.get_model_weights("resnet18").IMAGENET1K_V1.url
    path = tmp_path / "hub/checkpoints" / url.rpartition("/")[2]
    path.parent.mkdir(parents=True)
    return path


@FORMS
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_load_torchvision_refuses_pickle(form, payload, imagenet_weights, record_trials):
    imagenet_weights.write_bytes(payload(form))
    environment = dict(os.environ)
    words = "the ImageNet weights of resnet18 could not be loaded"
    with pytest.raises(OSError, match=words) as refused:
        backbones.load_torchvision("resnet18", pretrained=True)
    assert "\n" not in str(refused.value) and "arbitrary code" not in str(refused.value)
    assert dict(os.environ) == environment
    record_trials("pickle", 1)


def test_load_torchvision_reads_old_torch_format(imagenet_weights):
    from torchvision import models

    weights = models.resnet18(weights=None).state_dict()
    torch.save(weights, imagenet_weights, _use_new_zipfile_serialization=False)
    net = backbones.load_torchvision("resnet18", pretrained=True)
    assert torch.equal(net.fc.weight, weights["fc.weight"])


# Wrong headers and sizes

TREES = ["{}", "{", "[" * 100_000, "9" * 5000, '{"$tensor": "gone"}', '{"$tensor": [1]}']
TREES += ['{"$dict": 3}', '{"$dict": [[1]]}', '{"$dict": [[{}, 1]]}']


@pytest.mark.parametrize("tree", TREES, ids=range(len(TREES)))
def test_load_checkpoint_refuses_wrong_tree(tree, tmp_path, record_trials):
    write_checkpoint(tmp_path, safetensors.torch.save({"w": torch.ones(2)}, {"tree": tree}))
    with pytest.raises(CheckpointError, match="is not a checkpoint .*; move it out of the folder"):
        checkpoint.load_latest_checkpoint(tmp_path)
    record_trials("wrong header", 1)


def write_weights(path, header, data=b"", length=None):
    """Write a safetensors file by hand."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def tensor(shape, offsets, dtype="F32"):
    return {"w": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


CONFIG = {"__metadata__": {"config": "{}"}}
TWO = tensor([1], [0, 4]) | {"v": tensor([1], [0, 4])["w"]}
HEADERS = {
    "length 2**62": ({}, b"", 2**62),
    "longer than the file": ({}, b"", 1000),
    "empty": (b"", b"", 0),
    "not JSON": (b"\xff" * 40, b"", None),
    "brackets": (b"[" * 100_000, b"", None),
    "list": ([1, 2], b"", None),
    "tensor of 40 GB": (tensor([10**10], [0, 4 * 10**10]), b"1234", None),
    "tensor larger than its bytes": (tensor([1000], [0, 4]), b"1234", None),
    "overflow": (tensor([2**32, 2**32, 4], [0, 4]), b"1234", None),
    "negative size": (tensor([-1], [0, 4]), b"1234", None),
    "end before start": (tensor([1], [4, 0]), b"1234", None),
    "negative start": (tensor([1], [-4, 0]), b"1234", None),
    "unknown type": (tensor([1], [0, 4], "OBJECT"), b"1234", None),
    "overlap": (TWO, b"1234", None),
    "gap": (tensor([1], [4, 8]), bytes(8), None),
    "bytes of no tensor": (tensor([1], [0, 4]) | CONFIG, bytes(4000), None),
}


@pytest.mark.parametrize("name", HEADERS)
def test_load_weights_refuses_wrong_header(name, tmp_path, record_trials):
    path = write_weights(tmp_path / "w.safetensors", *HEADERS[name])
    with limited_memory(), pytest.raises(CheckpointError, match="w.safetensors .*; ") as refused:
        load_weights(path)
    record_trials("wrong header", 1, "\n" in str(refused.value))


@pytest.mark.parametrize("config", ["{", "[" * 100_000, "9" * 5000, "\x00", ""], ids=range(5))
def test_load_weights_refuses_wrong_config_text(config, tmp_path, record_trials):
    path = write_weights(tmp_path / "w.safetensors", {"__metadata__": {"config": config}})
    with pytest.raises(CheckpointError, match="carries no configuration; expected weights that"):
        load_weights(path)
    record_trials("wrong header", 1)


def test_load_weights_refuses_sparse_file_of_terabytes(tmp_path, record_trials):
    size = 10**12
    path = write_weights(tmp_path / "w.safetensors", tensor([size // 4], [0, size]) | CONFIG)
    try:
        os.truncate(path, path.stat().st_size + size)
    except OSError:
        pytest.skip("this file system has no sparse files")
    with limited_memory(), pytest.raises(CheckpointError, match=r"1,000,000,000,\d+ bytes; exp"):
        load_weights(path)
    record_trials("wrong header", 1)


# Configurations

NETWORKS = [*registry.GENERATORS, PatchDiscriminator, PixelDiscriminator, ImageDiscriminator]
if os.environ.get("FAULTS") != "long":  # these two import a library each
    NETWORKS = [net for net in NETWORKS if net.__name__ not in ("FastaiUNet", "FusionCNN")]


def largest_value(constraint):
    """Return the most that a constraint of a configuration allows."""
    if constraint is bool:
        return True
    if isinstance(constraint, range):
        return constraint.stop - 1
    return constraint[-1] if isinstance(constraint[0], str) else constraint[0]


@pytest.mark.parametrize("network", NETWORKS)
def test_largest_network_is_small_or_refused(network, record_trials):
    fields = {name: largest_value(rule) for name, rule in network.config_schema.items()}
    with torch.device("meta"):
        count = sum(weight.numel() for weight in network(**fields).parameters())
    if count > schema.MAX_PARAMETERS:
        words = r"would have [\d,]+ parameters; expected at most 300,0"
        with limited_memory(), pytest.raises(ValueError, match=words):
            schema.from_config(network, fields, network.config_schema)
    record_trials("configuration that asks for too much", 1, count > 10**12)


MISSING = object()
NET = UNet(num_downs=2, base_channels=1)
GOOD_CONFIG = {
    "net": NET.config,
    "scaler": {"ab_scale": 110.0, "output_space": "ab", "temperature": 0.38},
    "image_size": 16,
    "tta": False,
}


def save_tiny(path, **changes):
    """Save a tiny network with a changed configuration."""
    config = {name: value for name, value in (GOOD_CONFIG | changes).items()}
    config = {name: value for name, value in config.items() if value is not MISSING}
    return checkpoint.save_weights(path, NET.state_dict(), config, overwrite=True)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("net", MISSING, "there is no 'net'"),
        ("net", None, "config is None; expected a dict"),
        ("net", [1], r"config is \[1\]; expected a dict"),
        ("net", NET.config | {"generator": "os.system"}, "='os.system'; expected 'UNet' or"),
        ("image_size", MISSING, "got no field 'image_size'"),
        ("image_size", 10**9, "image_size=1000000000; expected a whole number from 1 to 4096"),
        ("image_size", 0, "image_size=0; expected a whole number"),
        ("image_size", True, "image_size=True; expected a whole number"),
        ("image_size", "128", "image_size='128'; expected a whole number"),
        ("tta", "no", "tta='no'; expected true or false"),
        ("scaler", MISSING, "there is no 'scaler'"),
        ("scaler", 110, "config is 110; expected a dict"),
        ("scaler", {"ab_scale": 110.0}, "got no field 'output_space'"),
        (
            "scaler",
            {"ab_scale": 110.0, "output_space": "bins", "temperature": -1.0},
            "temperature=-1.0; expected a number from 0 up to",
        ),
        ("hook", "http://example.org/x.py", "unknown field 'hook'"),
    ],
)
def test_load_model_checks_each_field(field, value, words, tmp_path, record_trials):
    path = save_tiny(tmp_path / "w.safetensors", **{field: value})
    words = f"holds no model that fits its weights: .*{words}"
    with limited_memory(), pytest.raises(CheckpointError, match=words):
        Colorizer.load(path)
    record_trials("configuration field", 1)


@pytest.mark.parametrize(
    ("ab_scale", "output_space", "words"),
    [
        (1e308, "ab", r"ab_scale=1e\+308; expected a number from 1"),
        (float("nan"), "ab", "ab_scale=nan; expected a number"),
        ("110", "ab", "ab_scale='110'; expected a number"),
        (110.0, "cmyk", "output_space='cmyk'; expected 'ab' or"),
    ],
)
def test_load_model_checks_scaler(ab_scale, output_space, words, tmp_path, record_trials):
    scaler = {"ab_scale": ab_scale, "output_space": output_space, "temperature": 0.38}
    with pytest.raises(CheckpointError, match=f"holds no model that fits its weights: .*{words}"):
        Colorizer.load(save_tiny(tmp_path / "w.safetensors", scaler=scaler))
    record_trials("configuration field", 1)


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
NAMES = st.text(max_size=8)
INNER = VALUES | st.lists(VALUES, max_size=4) | st.dictionaries(NAMES, VALUES, max_size=4)
JSON = INNER | st.lists(INNER, max_size=4) | st.dictionaries(NAMES, INNER, max_size=4)
FIELDS = {field for network in NETWORKS for field in network.config_schema}
FIELDS |= {"net", "generator", "discriminator"}
GOOD_VALUES = [network.__name__ for network in NETWORKS] + ["ab", 1, 2, 16, 0.5, True]
PLAUSIBLE = st.dictionaries(
    st.sampled_from(sorted(FIELDS)), JSON | st.sampled_from(GOOD_VALUES), max_size=10
)


def test_load_model_any_config_is_small_or_refused(tmp_path, monkeypatch, fuzzing, record_trials):
    monkeypatch.setattr(schema, "MAX_PARAMETERS", 100_000)
    path, count = tmp_path / "w.safetensors", 0

    @fuzzing(short=80, long=4000)
    @given(st.sampled_from([None, "net", "scaler"]), PLAUSIBLE | JSON)
    def search(place, value):
        nonlocal count
        count += 1
        config = GOOD_CONFIG
        if isinstance(value, dict):
            value = (config[place] if place else config) | value
        config = config | {place: value} if place else value
        path.write_bytes(safetensors.torch.save(NET.state_dict(), {"config": json.dumps(config)}))
        assert load_or_refuse(path) <= 100_000

    search()
    record_trials("fuzzed configuration", count)


def load_or_refuse(path):
    """Return the number of parameters of a model, 0 if its file is refused in one sentence."""
    try:
        return sum(weight.numel() for weight in Colorizer.load(path).net.parameters())
    except CheckpointError as error:
        assert path.name in str(error) and "\n" not in str(error)
        return 0


def test_load_model_damaged_is_loaded_or_refused(tmp_path, fuzzing, record_trials):
    good, count = save_tiny(tmp_path / "good.safetensors").read_bytes(), 0
    path = tmp_path / "w.safetensors"
    positions = st.integers(0, 1200) | st.integers(0, len(good) - 1)
    changes = st.lists(st.tuples(positions, st.integers(0, 255)), min_size=1, max_size=4)

    @fuzzing(short=60, long=3000)
    @given(changes, st.booleans())
    def search(changes, cut):
        nonlocal count
        count += 1
        data = bytearray(good)
        for position, value in changes:
            data[position] = value
        path.write_bytes(data[: changes[0][0]] if cut else data)
        load_or_refuse(path)

    search()
    record_trials("fuzzed weights", count)
