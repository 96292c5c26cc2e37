"""Benchmarks of speed: both sides compute the same, and reports have their fields.

Nothing here is timed.
"""

import json
import os
from functools import partial

import numpy as np
import pytest
import torch

from benchmarks import __main__ as all_benchmarks
from benchmarks import (
    baseline,
    busy,
    color_conversion,
    data_loading,
    inference,
    notebooks,
    startup,
    step,
    timing,
)
from benchmarks.isolated import isolated_processes
from colorlib.color import LabScaler, quantize_lightness, rgb_to_lab, to_uint8
from colorlib.data import sample_photo_crops
from colorlib.data.datasets import TensorImages
from colorlib.discriminators import PatchDiscriminator
from colorlib.generator import init_weights
from colorlib.training import TrainConfig, Trainer
from colorlib.unet import UNet


@pytest.fixture(scope="module")
def jpegs(tmp_path_factory):
    return data_loading.make_jpegs(tmp_path_factory.mktemp("photos") / "jpegs", 4)


def to_json(report):
    """Return a report as a program would read it, and check the fields that all have."""
    plain = json.loads(json.dumps(report.to_dict()))
    fields = {"command", "colorlib", "machine", "protocol", "timings", "facts", "missing"}
    assert set(plain) == fields
    assert "Python" in plain["machine"] and plain["command"].startswith("python -m benchmarks.")
    for result in plain["timings"]:
        assert set(result) == {"name", "baseline", "rounds", "seconds", "ratios"}
        assert set(result["seconds"]) == {result["baseline"], *result["ratios"]}
        assert all(value > 0 for value in [*result["seconds"].values(), *result["ratios"].values()])
    assert str(report).startswith(plain["command"])
    return plain


def test_time_interleaved_alternates_the_order():
    called = []
    calls = {"base": lambda: called.append("base"), "ours": lambda: called.append("ours")}
    result = timing.time_interleaved("test", calls, rounds=2, warmup=1)
    assert called == ["base", "ours", "base", "ours", "ours", "base"]
    assert len(result.rounds["ours"]) == 2
    with pytest.raises(ValueError, match="0 rounds of 2 candidates; expected at least one"):
        timing.time_interleaved("test", calls, rounds=0)


def test_ratio_is_the_median_within_rounds():
    rounds = {"base": [1.0, 10.0, 100.0], "ours": [0.5, 5.0, 50.0]}
    result = timing.Timing("a machine that becomes slow", "base", rounds)
    assert result.ratio("ours") == 2 and result.to_dict()["seconds"] == {"base": 10, "ours": 5}


def test_command_writes_json(tmp_path, capsys):
    def run(name):
        facts = {"name": name}
        return timing.Report("python -m benchmarks.none", "none", facts=facts, missing=["all"])

    def add_arguments(parser):
        parser.add_argument("--name")

    file = tmp_path / "out.json"
    assert timing.command(run, add_arguments, ["--name", "x", "--json", str(file)]) == 0
    assert json.loads(file.read_text())["facts"] == {"name": "x"}
    assert "not measured: all" in capsys.readouterr().out
    timing.command(run, add_arguments, ["--json", "-"])
    assert json.loads(capsys.readouterr().out)["missing"] == ["all"]


def test_is_installed_reports_a_missing_package():
    report = timing.Report("", "")
    assert not timing.is_installed("no_such_package", report, "its Lab")
    assert timing.is_installed("torch", report, "")
    assert report.missing == ["its Lab: no_such_package is not installed"]


def test_color_conversion_report():
    plain = to_json(color_conversion.run(size=16, batch=2, rounds=1, compiled=False))
    names = [result["name"] for result in plain["timings"]]
    assert names == ["RGB to Lab", "Lab to RGB", "vivid Lab to RGB"]
    assert plain["facts"]["largest difference from scikit-image, Lab units"] < 1e-3


def test_both_loaders_return_the_same_lab(jpegs, tmp_path):
    cached = data_loading.build_cache(jpegs[0].parent, tmp_path / "cache", 48)
    theirs = list(baseline.build_loader(jpegs, 48, batch_size=2, num_workers=0))
    ours = list(data_loading.load_batches(cached, 2, "cpu"))
    assert len(theirs) == len(ours) == 2
    for batch, (L, ab) in zip(theirs, ours, strict=True):
        assert batch["L"].shape == L.shape and batch["ab"].shape == ab.shape
        assert (batch["L"] - L).abs().mean() < 0.01 and (batch["ab"] - ab).abs().mean() < 0.005
    decoded = np.stack([data_loading.decode_resized(path, 48).numpy() for path in jpegs])
    assert np.abs(decoded.astype(int) - cached.pixels).max() <= 2


def test_data_loading_report():
    run = data_loading.run
    plain = to_json(run(photos=2, size=16, batch=2, workers=1, rounds=1, memory=()))
    assert len(plain["timings"]) == 2 and plain["facts"]["photos a second, ours"] > 0


def test_memory_is_that_of_another_process():
    assert data_loading.run_child("kept = bytearray(2**25)", [])["peak"] > 32


def test_both_steps_compute_the_same():
    theirs = baseline.build_unet(5, 4).eval()
    ours = init_weights(UNet(num_downs=5, base_channels=4), seed=1).eval()
    assert [p.shape for p in theirs.parameters()] == [p.shape for p in ours.parameters()]
    _copy_weights(ours, theirs)
    theirs_d = baseline.build_discriminator(4)
    net_d = init_weights(PatchDiscriminator(base_channels=4), seed=2)
    _copy_weights(net_d, theirs_d)
    photos = to_uint8(sample_photo_crops(2, 64, seed=0))
    L, ab = LabScaler().normalize(quantize_lightness(rgb_to_lab(photos)))
    with torch.no_grad():
        assert torch.allclose(theirs(L), ours(L), atol=1e-5)
        assert torch.allclose(theirs_d(torch.cat([L, ab], 1)), net_d(L, ab), atol=1e-5)
    trainer = Trainer(ours, TensorImages(photos), TrainConfig(batch_size=2), net_d=net_d)
    their_step = baseline.build_train_step(theirs.train(), theirs_d.train())
    for net in (theirs, ours):
        for module in net.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
    for _ in range(2):
        assert their_step(L, ab) == pytest.approx(trainer.train_step(L, ab), rel=1e-2)


def _copy_weights(source, target):
    """Copy weights in their order: the two networks have other names for them."""
    values = source.state_dict().values()
    target.load_state_dict(dict(zip(target.state_dict(), values, strict=True)))


@pytest.mark.parametrize("curve", [0, 2])
def test_step_report(curve):
    plain = to_json(step.run(size=32, downs=5, width=4, batch=2, rounds=1, curve=curve, seeds=1))
    if curve:
        assert "(" in plain["facts"]["G_rec, last 25 of 2 steps, colorlib"]
    else:
        assert set(plain["timings"][0]["ratios"]) == {"colorlib", "colorlib, mixed"}


def test_inference_report():
    plain = to_json(inference.run(size=32, batches=(1,), nets=["baseline CNN"], rounds=1))
    assert plain["timings"][0]["name"] == "baseline CNN, batch 1"
    fact = plain["facts"]["baseline CNN: largest difference of a mode, network units"]
    assert fact < (1e-4 if plain["missing"] else 0.1)


def test_startup_report():
    statements = {startup.BASELINE: "pass", "json": "import json"}
    plain = to_json(startup.run(rounds=1, statements=statements))
    assert "json, ms above bare Python" in plain["facts"]
    assert startup.list_slow_imports(startup.GPU_NAME).startswith("none of torch")


def test_notebooks_reads_junit(tmp_path):
    file = tmp_path / "tests.xml"
    case = '<testcase classname="t" name="{}" time="{}"/>'
    file.write_text(f"<a>{case.format('b', 1)}{case.format('slow', 3)}</a>")
    plain = to_json(notebooks.run(["none"], file, max_tests=1))
    assert plain["facts"] == {"t::slow, s": 3.0, "all 2 tests, s": 4.0}


def test_main_compares_with_the_reference(tmp_path, monkeypatch, capsys):
    options = {"size": 16, "batch": 1, "rounds": 1, "compiled": False}
    monkeypatch.setattr(all_benchmarks, "REFERENCE", tmp_path / "reference.json")
    monkeypatch.setattr(all_benchmarks, "SHORT", {"color_conversion": options})
    main = all_benchmarks.main
    assert main(["--keep", "--json", str(tmp_path / "all.json")]) == 0
    assert "no reference" in capsys.readouterr().out
    reference = json.loads((tmp_path / "reference.json").read_text())
    saved = reference["python -m benchmarks.color_conversion"]
    assert set(saved) == {"colorlib", "machine", "ratios"}
    assert "RGB to Lab: colorlib" in saved["ratios"]
    main(["--only", "color_conversion"])
    assert f"reference: {saved['colorlib']}" in capsys.readouterr().out
    assert len(json.loads((tmp_path / "all.json").read_text())) == 1


def test_reference_names_existing_commands():
    reference = json.loads(all_benchmarks.REFERENCE.read_text())
    assert set(reference) == {f"python -m benchmarks.{name}" for name in all_benchmarks.SHORT}
    for entry in reference.values():
        assert entry["ratios"] and entry["machine"] and entry["colorlib"]


def test_isolated_process_reports_its_failure():
    builders = {"ends": partial(partial, os._exit, 0), "fails": partial(partial, int, "no number")}
    with isolated_processes(builders) as calls:
        with pytest.raises(RuntimeError, match="fails failed: ValueError.*'no number'"):
            calls["fails"]()
        with pytest.raises(EOFError):  # the process of the candidate ended, and not this one
            calls["ends"]()


def test_busy_report(monkeypatch):
    """It has a row for each task, idle and busy; the settings of the environment are put back."""
    one = "half of the cores"
    monkeypatch.setattr(busy, "SETTINGS", {one: busy.SETTINGS[one]})
    monkeypatch.setenv("GOMP_SPINCOUNT", "7")
    tasks = ("training step",)
    report = busy.run(rounds=1, tasks=tasks)
    expected = [f"{task}, {state}" for task in tasks for state in ("idle", "busy")]
    assert [timing.name for timing in report.timings] == expected
    assert report.facts.keys() == {f"{task}, {one}: busy / idle" for task in tasks}
    assert os.environ["GOMP_SPINCOUNT"] == "7"
