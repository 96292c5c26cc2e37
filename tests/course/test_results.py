"""Stored results: written with all their fields, read field by field, shown as a table."""

import copy
import json

import numpy as np
import pytest

from course.tool import results
from course.tool.cli import CourseError
from course.tool.lints.stored import stored_results

WHAT = {
    "title": "Colour on balls",
    "command": "python -m benchmarks.balls",
    "protocol": "Chroma over 64 scenes; ± is the standard deviation over seeds.",
    "seeds": [0, 1, 2],
    "columns": ["chroma", {"name": "SSIM", "digits": 3}, "a|b"],
    "rows": [
        {"name": "L1", "values": {"chroma": {"mean": 1.005, "spread": 0.25, "n": 3}, "SSIM": 0.9}},
        {"name": "cGAN", "values": {"chroma": -0.001, "SSIM": np.float32(-0.25), "a|b": "yes"}},
        {
            "name": "gray",
            "values": {"chroma": 0, "SSIM": {"mean": 1, "spread": 0, "n": np.int64(3)}},
        },
    ],
}


def stored(root, **changes):
    """Write the result and return what the file holds."""
    return json.loads(results.write("balls", **WHAT | changes, root=root).read_text("utf-8"))


def test_what_is_written_is_read(tmp_path):
    raw = stored(tmp_path)
    assert results.read("balls", tmp_path) == raw
    assert set(raw["versions"]) == {"python", "torch"} and "CPU core" in raw["machine"]
    assert raw["rows"][1]["values"]["SSIM"] == -0.25
    assert raw["rows"][2]["values"]["SSIM"] == {"mean": 1, "spread": 0, "n": 3}


def test_the_table(tmp_path):
    raw = stored(tmp_path)
    python, torch = raw["versions"]["python"], raw["versions"]["torch"]
    assert results.table("balls", tmp_path).split("\n") == [
        "**Colour on balls**",
        "",
        "|  | chroma | SSIM | a\\|b |",
        "|:---|---:|---:|---:|",
        "| L1 | 1.00 ± 0.25 | 0.900 | not measured |",
        "| cGAN | 0.00 | −0.250 | yes |",
        "| gray | 0 | 1.000 ± 0.000 | not measured |",
        "",
        "<small>*Stored result: measured by `python -m benchmarks.balls`, seeds 0, 1, 2, "
        f"python {python}, torch {torch}, {raw['machine']}, {raw['date']}.* {WHAT['protocol']}</small>",
    ]


def change(*keys, value=None):
    """A change of one field, deep inside; ``None`` takes it out."""

    def make(raw):
        raw = copy.deepcopy(raw)
        place = raw
        for key in keys[:-1]:
            place = place[key]
        if value is None:
            del place[keys[-1]]
        else:
            place[keys[-1]] = value
        return raw

    return make


WRONG = [
    (change("seeds"), "has no 'seeds'"),
    (change("command"), "has no 'command'"),
    (change("seeds", value=[]), "'seeds' is [], expected a list, not empty"),
    (change("seeds", value=[1.5]), "a seed is 1.5, expected a whole number"),
    (change("seeds", value=[True]), "a seed is True"),
    (change("command", value=" "), "'command' is ' '"),
    (change("command", value="a `b`"), "without backticks"),
    (change("title", value="two\nlines"), "on one line"),
    (change("title", value="a <!-- b"), "'title' is"),
    (change("date", value="today"), "expected a day"),
    (change("host", value="x"), "unknown field 'host'"),
    (change("versions", "torch"), "'versions' of torch is None"),
    (change("columns", 1, "digits", value=1.5), "a column is"),
    (change("columns", 0, value="SSIM"), "expected names that differ"),
    (change("rows", 0, value="L1"), "row 1 is 'L1'"),
    (change("rows", 0, "name", value=""), "the name of row 1"),
    (
        change("rows", 0, "values", "PSNR", value=1.0),
        "'PSNR' of row 1 (L1) is no column: known are chroma",
    ),
    (change("rows", 0, "values", "chroma", value=float("nan")), "is nan, expected a finite number"),
    (change("rows", 0, "values", "chroma", value=True), "is True, expected a finite number"),
    (change("rows", 0, "values", "chroma", "n"), 'expected {"mean": number'),
    (change("rows", 0, "values", "chroma", "spread", value=-1), 'expected {"mean": number'),
    (lambda raw: [raw], "expected an object"),
]


@pytest.mark.parametrize(("make", "said"), WRONG)
def test_a_field_that_is_wrong_is_named(tmp_path, make, said):
    path = tmp_path / "course/results/balls.json"
    raw = make(stored(tmp_path))
    path.write_text(json.dumps(raw), "utf-8")
    with pytest.raises(CourseError) as caught:
        results.read("balls", tmp_path)
    assert said in str(caught.value) and str(caught.value).startswith("course/results/balls.json")


@pytest.mark.parametrize("name", ["", "../x", "a b", "a.json"])
def test_a_name_that_is_none(tmp_path, name):
    for call in (
        lambda: results.read(name, tmp_path),
        lambda: results.write(name, **WHAT, root=tmp_path),
    ):
        with pytest.raises(CourseError, match="expected letters, digits"):
            call()


def test_what_is_not_there_or_no_json(tmp_path):
    with pytest.raises(CourseError, match="course/results/balls.json does not exist"):
        results.read("balls", tmp_path)
    stored(tmp_path)
    (tmp_path / "course/results/balls.json").write_text("{", "utf-8")
    with pytest.raises(CourseError, match="is not JSON"):
        results.read("balls", tmp_path)


def test_nothing_is_written_that_could_not_be_read(tmp_path):
    for wrong in ({"seeds": []}, {"rows": [{"name": "x", "values": {"chroma": object()}}]}):
        with pytest.raises(CourseError):
            stored(tmp_path, **wrong)
    assert not (tmp_path / "course/results/balls.json").exists()


def test_the_lint_names_what_no_text_shows_and_what_is_incomplete(tiny):
    def lines():
        return [str(finding) for finding in stored_results(tiny.root)]

    assert lines() == []
    stored(tiny.root)
    folder = tiny.root / results.FOLDER
    assert lines() == [
        "course/results/balls.json: no solution and no text shows it: add its region to one, "
        "or remove the file."
    ]
    (tiny.root / "course/notes.md").write_text(
        "<!-- result: balls -->\n<!-- end result -->\n", "utf-8"
    )
    assert lines() == []
    (folder / "balls.jpg").write_bytes(b"jpeg")
    (folder / "other.jpg").write_bytes(b"jpeg")
    (folder / "notes.txt").write_text("", "utf-8")
    said = lines()
    assert len(said) == 3 and "no text shows it" in said[0]
    assert said[1].startswith("course/results/notes.txt: expected NAME.json or NAME.jpg")
    assert said[2].startswith("course/results/other.jpg: course/results/other.json does not exist")
    raw = change("seeds")(results.read("balls", tiny.root))
    (folder / "balls.json").write_text(json.dumps(raw), "utf-8")
    assert lines()[1].startswith("course/results/balls.json: has no 'seeds'")
