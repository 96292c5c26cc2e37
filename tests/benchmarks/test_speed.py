"""Benchmarks of speed: both sides compute the same, and results have their fields. Nothing here is timed."""

import json
import os
from functools import partial

import numpy as np
import pytest
import torch

from benchmarks import __main__ as everything
from benchmarks import commonly_written, feed, inference, lab, notebooks, race, startup, step
from benchmarks.apart import apart
from colorlib.color import LabScaler, quantize_lightness, rgb_to_lab, to_uint8
from colorlib.data import sample_photo_crops
from colorlib.data.datasets import TensorImages
from colorlib.discriminators import PatchDiscriminator
from colorlib.generator import init_weights
from colorlib.unet import UNet


@pytest.fixture(scope="module")
def jpegs(tmp_path_factory):
    return feed.made(tmp_path_factory.mktemp("feed") / "jpegs", 4)


def fields(report):
    """Read a report as a program would, and check what all have."""
    plain = json.loads(json.dumps(report.plain()))
    assert set(plain) == {"command", "colorlib", "machine", "protocol", "races", "facts", "missing"}
    assert "Python" in plain["machine"] and plain["command"].startswith("python -m benchmarks.")
    for found in plain["races"]:
        assert set(found) == {"name", "baseline", "rounds", "seconds", "ratios"}
        assert set(found["seconds"]) == {found["baseline"], *found["ratios"]}
        assert all(value > 0 for value in [*found["seconds"].values(), *found["ratios"].values()])
    assert str(report).startswith(plain["command"])
    return plain


def test_contestants_take_turns_and_the_ratio_is_of_rounds(monkeypatch):
    called = []
    calls = {"base": lambda: called.append("base"), "ours": lambda: called.append("ours")}
    found = race.race("who", calls, rounds=2, warm=1)
    assert called == ["base", "ours", "base", "ours", "ours", "base"]
    assert len(found.rounds["ours"]) == 2
    moody = race.Race("moods", "base", {"base": [1.0, 10.0, 100.0], "ours": [0.5, 5.0, 50.0]})
    assert moody.ratio("ours") == 2 and moody.plain()["seconds"] == {"base": 10, "ours": 5}
    with pytest.raises(ValueError, match="0 rounds of 2 contestants; expected at least one"):
        race.race("who", calls, rounds=0)


def test_the_command_line_writes_json(tmp_path, capsys):
    def run(name):
        return race.Report(
            "python -m benchmarks.none", "none", facts={"said": name}, missing=["all"]
        )

    def arguments(parser):
        parser.add_argument("--name")

    file = tmp_path / "out.json"
    assert race.command(run, arguments, ["--name", "x", "--json", str(file)]) == 0
    assert json.loads(file.read_text())["facts"] == {"said": "x"}
    assert "not measured: all" in capsys.readouterr().out
    race.command(run, arguments, ["--json", "-"])
    assert json.loads(capsys.readouterr().out)["missing"] == ["all"]


def test_what_is_not_installed_is_said():
    report = race.Report("", "")
    assert not race.installed("no_such_package", report, "its Lab") and race.installed(
        "torch", report, ""
    )
    assert report.missing == ["its Lab: no_such_package is not installed"]


def test_lab_reports():
    plain = fields(lab.run(size=16, batch=2, rounds=1, compiled=False))
    assert [found["name"] for found in plain["races"]] == [
        "RGB to Lab",
        "Lab to RGB",
        "vivid Lab to RGB",
    ]
    assert plain["facts"]["largest difference from scikit-image, Lab units"] < 1e-3


def test_both_feeds_give_the_same_lab(jpegs, tmp_path):
    data = feed.ready(jpegs[0].parent, tmp_path / "array", 48)
    common = list(commonly_written.loader(jpegs, 48, batch=2, workers=0))
    ours = list(feed.batches(data, 2, "cpu"))
    assert len(common) == len(ours) == 2
    for theirs, (L, ab) in zip(common, ours, strict=True):
        assert theirs["L"].shape == L.shape and theirs["ab"].shape == ab.shape
        assert (theirs["L"] - L).abs().mean() < 0.01 and (theirs["ab"] - ab).abs().mean() < 0.005
    bare = np.stack([feed.shrunk(path, 48).numpy() for path in jpegs])
    assert np.abs(bare.astype(int) - data.pixels).max() <= 2


def test_feed_reports_and_memory_is_that_of_another_process():
    plain = fields(feed.run(photos=2, size=16, batch=2, workers=1, rounds=1, memory=()))
    assert len(plain["races"]) == 2 and plain["facts"]["photos a second, ours"] > 0
    assert feed.child("kept = bytearray(2**25)", [])["peak"] > 32


def test_both_steps_are_the_same_mathematics():
    theirs, ours = commonly_written.unet(5, 4).eval(), UNet(downs=5, width=4).eval()
    assert [p.shape for p in theirs.parameters()] == [p.shape for p in ours.parameters()]
    init_weights(ours, seed=1)
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    critic, net_d = commonly_written.critic(4), init_weights(PatchDiscriminator(width=4), seed=2)
    critic.load_state_dict(dict(zip(critic.state_dict(), net_d.state_dict().values(), strict=True)))
    photos = to_uint8(sample_photo_crops(2, 64, seed=0))
    L, ab = LabScaler().split(quantize_lightness(rgb_to_lab(photos)))
    with torch.no_grad():
        assert torch.allclose(theirs(L), ours(L), atol=1e-5)
        assert torch.allclose(critic(torch.cat([L, ab], 1)), net_d(L, ab), atol=1e-5)
    trainer = step.Trainer(ours, TensorImages(photos), step.Settings(batch=2), net_d=net_d)
    common = commonly_written.stepper(theirs.train(), critic.train())
    for dropout in (
        m for net in (theirs, ours) for m in net.modules() if isinstance(m, torch.nn.Dropout)
    ):
        dropout.p = 0.0
    for _ in range(2):
        one, other = common(L, ab), trainer.train_step(L, ab)
        assert one == pytest.approx(other, rel=1e-2)


@pytest.mark.parametrize("curve", [0, 2])
def test_step_reports(curve):
    plain = fields(step.run(size=32, downs=5, width=4, batch=2, rounds=1, curve=curve, seeds=1))
    if curve:
        assert "(" in plain["facts"]["G_pixel, last 25 of 2 steps, colorlib"]
    else:
        assert set(plain["races"][0]["ratios"]) == {"colorlib", "colorlib, mixed"}


def test_inference_reports():
    plain = fields(inference.run(size=32, batches=(1,), nets=["baseline CNN"], rounds=1))
    assert plain["races"][0]["name"] == "baseline CNN, batch 1"
    fact = plain["facts"]["baseline CNN: largest difference of a mode, network units"]
    assert fact < (1e-4 if plain["missing"] else 0.1)


def test_startup_reports():
    plain = fields(startup.run(rounds=1, statements={startup.BASE: "pass", "json": "import json"}))
    assert "json, ms above bare Python" in plain["facts"]
    assert startup.heavy("from colorlib import colab; colab.gpu()").startswith("none of torch")


def test_notebooks_and_tests_are_read(tmp_path):
    file = tmp_path / "tests.xml"
    case = '<testcase classname="t" name="{}" time="{}"/>'
    file.write_text(f"<a>{case.format('b', 1)}{case.format('slow', 3)}</a>")
    plain = fields(notebooks.run(["none"], file, most=1))
    assert plain["facts"] == {"t::slow, s": 3.0, "all 2 tests, s": 4.0}


def test_todays_ratios_stand_beside_the_kept_ones(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(everything, "KEPT", tmp_path / "kept.json")
    monkeypatch.setattr(
        everything, "SHORT", {"lab": {"size": 16, "batch": 1, "rounds": 1, "compiled": False}}
    )
    assert everything.main(["--only", "lab", "--keep", "--json", str(tmp_path / "all.json")]) == 0
    assert "none kept yet" in capsys.readouterr().out
    kept = json.loads((tmp_path / "kept.json").read_text())["python -m benchmarks.lab"]
    assert (
        set(kept) == {"colorlib", "machine", "ratios"} and "RGB to Lab: colorlib" in kept["ratios"]
    )
    everything.main(["--only", "lab"])
    assert f"kept with {kept['colorlib']}" in capsys.readouterr().out
    assert len(json.loads((tmp_path / "all.json").read_text())) == 1


def test_what_is_kept_names_commands_that_there_are():
    kept = json.loads((everything.KEPT).read_text())
    assert set(kept) == {f"python -m benchmarks.{name}" for name in everything.SHORT}
    assert all(
        entry["ratios"] and entry["machine"] and entry["colorlib"] for entry in kept.values()
    )


def test_contestants_apart_have_their_own_process_and_say_what_failed():
    with apart(
        {"one": partial(partial, os._exit, 0), "other": partial(partial, int, "no number")}
    ) as calls:
        with pytest.raises(RuntimeError, match="other failed: ValueError.*'no number'"):
            calls["other"]()
        with pytest.raises(EOFError):  # the contestant's process ended, and not this one
            calls["one"]()
