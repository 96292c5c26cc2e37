"""Files made to run code or to take all memory: weights, checkpoints, arrays; our code, read for doors."""

import ast
import json
import os
import pickle
import resource
import shutil
import struct
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from colorlib import discriminators
from colorlib.cli import main
from colorlib.colorizer import Colorizer
from colorlib.data.image_cache import build_image_cache
from colorlib.generator import Generator
from colorlib.io import checkpoint
from colorlib.io.checkpoint import CheckpointError, load_weights
from colorlib.models import backbones, registry, schema
from colorlib.models.registry import create_generator
from colorlib.unet import UNet

LONG = os.environ.get("FAULTS") == "long"
ROOT = Path(__file__).parents[2]
KINDS = {
    kind.__name__: kind
    for kind in [*registry.GENERATORS, *vars(discriminators).values()]
    if isinstance(kind, type) and issubclass(kind, torch.nn.Module) and getattr(kind, "rules", None)
    if kind is not discriminators.Discriminator  # what they share
}


@contextmanager
def little_memory(more=400_000_000):
    """Let this process take 400 MB more than it has, and no further."""
    if not Path("/proc/self/statm").exists():
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


# --- nothing that is loaded runs code


class Payload:
    """Unpickled, it makes a folder: whoever loads it has run what it says."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.fixture
def payload(tmp_path):
    """Write the payload as whatever form it is asked for; afterwards it must not have run."""
    owned = tmp_path / "owned"

    def write(path, how):
        path.parent.mkdir(parents=True, exist_ok=True)
        if how == "array":
            np.save(path, np.array([Payload(owned)], dtype=object), allow_pickle=True)
        elif how == "pickle":
            path.write_bytes(pickle.dumps(Payload(owned)))
        else:
            torch.save(
                {"weight": Payload(owned)}, path, _use_new_zipfile_serialization=how == "torch"
            )
        return path

    pickle.loads(pickle.dumps(Payload(owned)))  # it would work
    owned.rmdir()
    yield write
    assert not owned.exists()


FORMS = pytest.mark.parametrize("how", ["pickle", "torch", "old torch", "array"])


@FORMS
@pytest.mark.parametrize("name", ["model.safetensors", "model.pth", "model.pkl"])
def test_a_pickle_is_no_model(how, name, payload, tmp_path, capsys, tried):
    path = payload(tmp_path / "w" / "model", how)
    path = next(path.parent.iterdir()).rename(tmp_path / name)
    with pytest.raises(CheckpointError, match=f"{name} is not a complete safetensors file"):
        Colorizer.load(path)
    assert main(["colorize", "photo.jpg", "--model", str(path)]) == 1
    assert "is not a complete safetensors file" in capsys.readouterr().err
    tried("pickle offered", 2, int((tmp_path / "owned").exists()))


@FORMS
def test_a_pickle_is_no_checkpoint(how, payload, tmp_path, tried):
    path = payload(tmp_path / "run" / "x", how)
    path = next(path.parent.iterdir())
    digest = checkpoint._digest(path.read_bytes())  # whoever means harm gives it the right name
    path.rename(path.with_name(f"checkpoint-e0001-s000001-{digest}.safetensors"))
    with pytest.raises(CheckpointError, match="is not a checkpoint"):
        checkpoint.load_latest_checkpoint(tmp_path / "run")
    tried("pickle offered", 1, int((tmp_path / "owned").exists()))


TREES = ["{}", "{", "[" * 100_000, "9" * 5000, '{"$tensor": "gone"}', '{"$tensor": [1]}']
TREES += ['{"$dict": 3}', '{"$dict": [[1]]}', '{"$dict": [[{}, 1]]}']


@pytest.mark.parametrize("tree", TREES, ids=range(len(TREES)))
def test_a_tree_that_is_none_is_no_checkpoint(tree, tmp_path, tried):
    data = safetensors.torch.save({"w": torch.ones(2)}, {"tree": tree})
    (tmp_path / f"checkpoint-e0001-s000001-{checkpoint._digest(data)}.safetensors").write_bytes(
        data
    )
    with pytest.raises(CheckpointError, match="is not a checkpoint .*; move it out of the folder"):
        checkpoint.load_latest_checkpoint(tmp_path)
    tried("weights that lie", 1)


def test_a_prepared_array_of_objects_is_not_taken(payload, tmp_path, tried):
    from colorlib.data import sample_photos

    out = tmp_path / "array"
    build_image_cache(sample_photos("test"), 16, out)
    (array,) = out.glob("*.npy")
    payload(array, "array")
    assert build_image_cache(sample_photos("test"), 16, out).__getitems__([0]).shape == (
        1,
        3,
        16,
        16,
    )  # made anew
    tried("pickle offered", 1, int((tmp_path / "owned").exists()))


@FORMS
@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenet_v2", "densenet121"] if LONG else ["resnet18"]
)
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_pickle_in_the_cache_of_imagenets_weights_is_not_run(
    how, name, payload, tmp_path, monkeypatch, tried
):
    """Our own message tells people where to put that file."""
    from torchvision import models

    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    file = models.get_model_weights(name).IMAGENET1K_V1.url.rpartition("/")[2]
    written = payload(tmp_path / "w" / "x", how)
    (tmp_path / "hub/checkpoints").mkdir(parents=True)
    shutil.copy(next(written.parent.iterdir()), tmp_path / "hub/checkpoints" / file)
    before = dict(os.environ)
    with pytest.raises(
        OSError, match=f"the ImageNet weights of {name} could not be loaded"
    ) as refused:
        backbones.load_torchvision(name, pretrained=True)
    assert "\n" not in str(refused.value) and "arbitrary code" not in str(refused.value)
    assert dict(os.environ) == before
    tried("pickle offered", 1, int((tmp_path / "owned").exists()))


def test_weights_in_that_cache_are_read(tmp_path, monkeypatch):
    from torchvision import models

    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    file = models.get_model_weights("resnet18").IMAGENET1K_V1.url.rpartition("/")[2]
    (tmp_path / "checkpoints").mkdir()
    given_weights = models.resnet18(weights=None).state_dict()
    torch.save(given_weights, tmp_path / "checkpoints" / file, _use_new_zipfile_serialization=False)
    net = backbones.load_torchvision("resnet18", pretrained=True)
    assert torch.equal(net.fc.weight, given_weights["fc.weight"])


# --- files that lie about their size


def weights_file(path, header, data=b"", length=None):
    """A safetensors file by hand."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def tensor(shape, offsets, dtype="F32"):
    return {"w": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


CONFIG = {"__metadata__": {"config": "{}"}}
LIES = {
    "a header of 2**62 bytes": ({}, b"", 2**62),
    "a header longer than the file": ({}, b"", 1000),
    "a header of nothing": (b"", b"", 0),
    "a header that is no JSON": (b"\xff" * 40, b"", None),
    "a header of brackets": (b"[" * 100_000, b"", None),
    "a header that is a list": ([1, 2], b"", None),
    "a tensor of 40 GB": (tensor([10**10], [0, 4 * 10**10]), b"1234", None),
    "a tensor larger than its bytes": (tensor([1000], [0, 4]), b"1234", None),
    "a size that overflows": (tensor([2**32, 2**32, 4], [0, 4]), b"1234", None),
    "a size below zero": (tensor([-1], [0, 4]), b"1234", None),
    "an end before its beginning": (tensor([1], [4, 0]), b"1234", None),
    "a beginning before the file's": (tensor([1], [-4, 0]), b"1234", None),
    "a kind that is none": (tensor([1], [0, 4], "OBJECT"), b"1234", None),
    "two tensors in one place": (
        tensor([1], [0, 4]) | {"v": tensor([1], [0, 4])["w"]},
        b"1234",
        None,
    ),
    "a hole": (tensor([1], [4, 8]), bytes(8), None),
    "bytes that belong to none": (tensor([1], [0, 4]) | CONFIG, bytes(4000), None),
}


@pytest.mark.parametrize("name", LIES)
def test_a_header_that_lies_is_found_before_anything_is_allocated(name, tmp_path, tried):
    header, data, length = LIES[name]
    path = weights_file(tmp_path / "w.safetensors", header, data, length)
    with little_memory(), pytest.raises(CheckpointError, match="w.safetensors .*; ") as refused:
        load_weights(path)
    tried("weights that lie", 1, int("\n" in str(refused.value)))


@pytest.mark.parametrize(
    "config", ["{", "[" * 100_000, "9" * 5000, '{"a": ' * 50_000, "\x00", ""],
    ids=["half", "brackets", "digits", "braces", "zero", "nothing"],
)  # fmt: skip
def test_a_configuration_that_is_none(config, tmp_path, tried):
    path = weights_file(tmp_path / "w.safetensors", {"__metadata__": {"config": config}})
    with pytest.raises(
        CheckpointError, match="carries no configuration; expected weights that colorlib wrote"
    ):
        load_weights(path)
    tried("weights that lie", 1)


def test_a_file_of_terabytes_that_takes_no_room_on_the_disk(tmp_path, tried):
    size = 10**12
    path = weights_file(tmp_path / "w.safetensors", tensor([size // 4], [0, size]) | CONFIG)
    try:
        os.truncate(path, path.stat().st_size + size)
    except OSError:
        pytest.skip("this disk has no such files")
    with (
        little_memory(),
        pytest.raises(
            CheckpointError, match="has 1,000,000,0.. bytes; expected at most|expected at"
        ),
    ):
        load_weights(path)
    tried("weights that lie", 1)


# --- configurations, field by field


SLOW = ["FastaiUNet", "FusionCNN"]  # which import a library each


def largest(rules):
    """The most that each field allows."""

    def most(rule):
        if rule is bool:
            return True
        if isinstance(rule, range):
            return rule.stop - 1
        return rule[-1] if isinstance(rule[0], str) else rule[0]

    return {field: most(rule) for field, rule in rules.items()}


def build(name, fields):
    if issubclass(KINDS[name], Generator):
        return create_generator({"generator": name, **fields})
    return discriminators.create_discriminator({"discriminator": name, **fields})


@pytest.mark.parametrize("name", KINDS)
def test_each_field_is_checked(name, tried):
    """Missing, unknown, of another type, out of range: the sentence names the field and what it may be."""
    rules, n, lost = KINDS[name].config_schema, 1, []
    fields = largest(rules)
    wrong = [
        None,
        "x",
        "",
        [],
        {},
        {"a": 1},
        -1,
        0.5,
        10**30,
        float("nan"),
        float("inf"),
        "os.system('x')",
    ]
    for field, rule in rules.items():
        cases = [
            fields | {field: value}
            for value in wrong
            if not all(schema._check_value(value, rule)[:2])
        ]
        cases.append({key: value for key, value in fields.items() if key != field})
        for case in cases:
            n += 1
            with pytest.raises((TypeError, ValueError)) as refused:
                build(name, case)
            said = str(refused.value)
            lost += [case] if repr(field) not in said and f"{field}=" not in said else []
    with pytest.raises(ValueError, match="unknown field '__class__'"):
        build(name, {**fields, "__class__": "os"})
    tried("configuration field", n, len(lost))


@pytest.mark.parametrize("name", [kind for kind in KINDS if LONG or kind not in SLOW])
def test_the_largest_network_that_a_file_may_ask_for_is_refused_or_small(name, tried):
    fields = largest(KINDS[name].config_schema)
    with torch.device("meta"):
        count = sum(weight.numel() for weight in KINDS[name](**fields).parameters())
    if count > schema.MAX_PARAMETERS:
        with (
            little_memory(),
            pytest.raises(
                ValueError, match=r"would have [\d,]+ parameters; expected at most 300,0"
            ),
        ):
            build(name, fields)
    tried("configuration that asks for too much", 1, int(count > 10**12))


def tiny(tmp_path, **changes):
    """A weights file with a configuration of one's own around a tiny network."""
    net = UNet(num_downs=2, base_channels=1)
    config = {
        "net": net.config,
        "scaler": {"ab_scale": 110.0, "output_space": "ab"},
        "image_size": 16,
        "tta": False,
    }
    return checkpoint.save_weights(
        tmp_path / "w.safetensors", net.state_dict(), config | changes, overwrite=True
    )


BILLIONS = {
    "generator": "UNet",
    "in_channels": 1,
    "out_channels": 2,
    "num_downs": 10,
    "base_channels": 512,
    "skip_connections": True,
    "upsample_mode": "transposed",
    "dropout": 0.5,
    "variant": "pix2pix",
    "max_multiplier": 16,
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"net": BILLIONS}, r"UNet would have 1\d(,\d{3}){3} parameters; expected at most 300,000,000"),
        ({"net": BILLIONS | {"generator": "os.system"}}, "generator='os.system'; expected 'UNet' or"),
        ({"net": None}, "config is None; expected a dict"),
        ({"net": [1]}, r"config is \[1\]; expected a dict"),
        ({"image_size": 10**9}, "image_size=1000000000; expected a whole number from 1 to 4096"),
        ({"image_size": 0}, "image_size=0; expected a whole number"),
        ({"image_size": True}, "image_size=True; expected a whole number"),
        ({"image_size": "128"}, "image_size='128'; expected a whole number"),
        ({"tta": "no"}, "tta='no'; expected true or false"),
        ({"scaler": {"ab_scale": 1e308, "output_space": "ab"}}, r"ab_scale=1e\+308; expected a number from 1"),
        ({"scaler": {"ab_scale": float("nan"), "output_space": "ab"}}, "ab_scale=nan; expected a number"),
        ({"scaler": {"ab_scale": "110", "output_space": "ab"}}, "ab_scale='110'; expected a number"),
        ({"scaler": {"ab_scale": 110.0, "output_space": "cmyk"}}, "output_space='cmyk'; expected 'ab' or"),
        ({"scaler": {"ab_scale": 110.0}}, "got no field 'output_space'"),
        ({"scaler": 110}, "config is 110; expected a dict"),
        ({"hook": "http://example.org/x.py"}, "unknown field 'hook'"),
    ],
)  # fmt: skip
def test_what_a_weights_file_says_of_itself_is_checked_by_field(changes, words, tmp_path, tried):
    assert Colorizer.load(tiny(tmp_path)).image_size == 16
    path = tiny(tmp_path, **changes)
    with (
        little_memory(),
        pytest.raises(CheckpointError, match=f"holds no model that fits its weights: .*{words}"),
    ):
        Colorizer.load(path)
    tried("configuration field", 1)


@pytest.mark.parametrize("gone", ["net", "scaler", "image_size"])
def test_a_field_that_is_missing_is_named(gone, tmp_path):
    path = tiny(tmp_path)
    weights, config = load_weights(path)
    del config[gone]
    checkpoint.save_weights(path, weights, config, overwrite=True)
    with pytest.raises(CheckpointError, match=f"holds no model .*'{gone}'"):
        Colorizer.load(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e30])
def test_weights_that_are_no_numbers_colour_nothing(value, tmp_path):
    path = tiny(tmp_path)
    weights, config = load_weights(path)
    weights = {
        name: torch.full_like(w, value) if w.is_floating_point() else w
        for name, w in weights.items()
    }
    checkpoint.save_weights(path, weights, config, overwrite=True)
    model = Colorizer.load(path)
    from PIL import Image

    try:
        result = model(Image.effect_noise((20, 20), 60))
    except RuntimeError as error:
        assert "its weights are damaged, or its training diverged" in str(error)
    else:
        assert result.size == (20, 20) and value == 1e30  # tanh brings any number back


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
INNER = (
    VALUES | st.lists(VALUES, max_size=4) | st.dictionaries(st.text(max_size=8), VALUES, max_size=4)
)
JSON = INNER | st.lists(INNER, max_size=4) | st.dictionaries(st.text(max_size=8), INNER, max_size=4)
FIELDS = [
    *BILLIONS,
    *schema.OLD_NAMES,
    *schema.OLD_NAMES.values(),
    "net",
    "blocks",
    "num_blocks",
    "n_layers",
    "encoder",
    "num_classes",
]
KNOWN = st.sampled_from(
    [*(kind for kind in KINDS if LONG or kind not in SLOW), "ab", 1, 2, 16, 0.5, True]
)
NEAR = st.dictionaries(st.sampled_from(FIELDS), JSON | KNOWN, max_size=10)


def test_any_configuration_is_a_small_network_or_one_sentence(tmp_path, monkeypatch, tried):
    monkeypatch.setattr(schema, "MAX_PARAMETERS", 100_000)
    good, count = tiny(tmp_path), 0
    weights, config = load_weights(good)
    path = tmp_path / "other.safetensors"

    @settings(max_examples=4000 if LONG else 80, deadline=None, database=None, derandomize=not LONG,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.sampled_from([None, "net", "scaler"]), NEAR | JSON)
    def search(place, other):
        nonlocal count
        count += 1
        changed = config | other if isinstance(other, dict) else other
        if place:
            inner = config[place] | other if isinstance(other, dict) else other
            changed = config | {place: inner}
        path.write_bytes(safetensors.torch.save(weights, {"config": json.dumps(changed)}))
        try:
            assert sum(w.numel() for w in Colorizer.load(path).net.parameters()) <= 100_000
        except CheckpointError as error:
            assert "other.safetensors" in str(error) and "\n" not in str(error)

    search()
    tried("fuzzed configuration", count)


def test_damaged_weights_are_a_model_or_one_sentence(tmp_path, tried):
    good, count = tiny(tmp_path).read_bytes(), 0
    path = tmp_path / "other.safetensors"
    place = st.integers(0, 1200) | st.integers(0, len(good) - 1)

    @settings(max_examples=3000 if LONG else 60, deadline=None, database=None, derandomize=not LONG,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.lists(st.tuples(place, st.integers(0, 255)), min_size=1, max_size=4), st.booleans())
    def search(changes, cut):
        nonlocal count
        count += 1
        data = bytearray(good)
        for at, value in changes:
            data[at] = value
        path.write_bytes(data[: changes[0][0]] if cut else data)
        try:
            Colorizer.load(path)
        except CheckpointError as error:
            assert "other.safetensors" in str(error) and "\n" not in str(error)

    search()
    tried("fuzzed weights", count)


# --- our own code has no doors

CALLS = """eval exec compile __import__ os.system os.popen subprocess.getoutput subprocess.getstatusoutput
    pickle.load pickle.loads pickle.Unpickler dill.load joblib.load marshal.load marshal.loads shelve.open
    pandas.read_pickle yaml.load yaml.unsafe_load tempfile.mktemp torch.jit.load code.interact"""
METHODS = {"extractall", "unpack_archive"}


def doors(source):
    """Name what could run a stranger's code in a Python source: calls, and arguments that open doors."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module in (
            "pickle",
            "marshal",
            "shelve",
            "dill",
        ):
            found.append(f"from {node.module}")
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        given_to = {word.arg: ast.unparse(word.value) for word in node.keywords}
        if name in CALLS.split() or name.rpartition(".")[2] in METHODS:
            found.append(name)
        if (
            given_to.get("shell", "False") != "False"
            or given_to.get("allow_pickle", "False") != "False"
        ):
            found.append(f"{name} with an open door")
        if (name == "torch.load" or name.endswith("load_state_dict_from_url")) and given_to.get(
            "weights_only"
        ) != "True":
            found.append(name)
        if given_to.get("verify") == "False" or (
            given_to.get("strict") == "False" and "load_state" in name
        ):
            found.append(f"{name} without a check")
    return found


SOURCES = sorted(
    path for part in ("colorlib", "course", "benchmarks") for path in (ROOT / part).rglob("*.py")
)
NOTEBOOKS = sorted((ROOT / "solutions").glob("*.ipynb"))


def test_no_shell_strings_no_pickles_no_eval(tried):
    found = {path: doors(path.read_text("utf-8")) for path in SOURCES}
    for path in NOTEBOOKS:
        cells = [
            cell
            for cell in json.loads(path.read_text("utf-8"))["cells"]
            if cell["cell_type"] == "code"
        ]
        lines = ["pass" if line.startswith(("!", "%")) else line
                 for cell in cells for line in "".join(cell["source"]).splitlines()]  # fmt: skip
        found[path] = doors("\n".join(lines))
    assert len(found) > 150
    assert not {path.name: names for path, names in found.items() if names}
    tried("source read for doors", len(found), sum(map(bool, found.values())))


OPEN = """
subprocess.run('ls ' + name, shell=True)
subprocess.Popen(x, shell=flag)
os.system('ls')
eval(x)
exec(code)
pickle.load(f)
from pickle import load
np.load(f, allow_pickle=True)
torch.load(f)
torch.load(f, weights_only=False)
torch.hub.load_state_dict_from_url(url)
tar.extractall()
yaml.load(f)
net.load_state_dict(w, strict=False)
requests.get(url, verify=False)
"""


@pytest.mark.parametrize("line", OPEN.strip().splitlines())
def test_a_door_is_found(line):
    assert doors(f"def f():\n    {line}")


SHUT = """
net.eval()
re.compile('a')
torch.load(f, weights_only=True)
np.load(f)
subprocess.run(['ls'], check=True)
ast.literal_eval(x)
"""


@pytest.mark.parametrize("line", SHUT.strip().splitlines())
def test_what_is_no_door(line):
    assert not doors(line)


def test_the_weekly_run_audits_every_package_that_is_installed():
    jobs = yaml.safe_load((ROOT / ".github/workflows/weekly.yml").read_text("utf-8"))["jobs"]
    scripts = [
        step["run"]
        for job in jobs.values()
        for step in job["steps"]
        if "pip-audit" in step.get("run", "")
    ]
    assert (
        len(scripts) == 1
        and "pip freeze" in scripts[0]
        and "--requirement installed.txt" in scripts[0]
    )
