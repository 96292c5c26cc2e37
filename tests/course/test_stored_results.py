"""Stored results: written with all fields, read field by field, shown as a table."""

import copy
import json

import numpy as np
import pytest

from course.tool import stored_results
from course.tool.cli import CourseError
from course.tool.lints.stored import result_files

BALLS = {
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


def write(root, **changes):
    """Write the result and return the content of the file."""
    path = stored_results.write("balls", **BALLS | changes, root=root)
    return json.loads(path.read_text("utf-8"))


def changed(raw, keys, value):
    """Return a copy with another value at the end of the keys; ``None`` removes it."""
    raw = copy.deepcopy(raw)
    place = raw
    for key in keys[:-1]:
        place = place[key]
    if value is None:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    return raw


def test_read_returns_what_write_stored(tmp_path):
    raw = write(tmp_path)
    assert stored_results.read("balls", tmp_path) == raw
    assert set(raw["versions"]) == {"python", "torch"} and "CPU core" in raw["machine"]
    assert raw["rows"][1]["values"]["SSIM"] == -0.25
    assert raw["rows"][2]["values"]["SSIM"] == {"mean": 1, "spread": 0, "n": 3}


def test_to_markdown_formats_numbers_and_protocol(tmp_path):
    raw = write(tmp_path)
    python, torch = raw["versions"]["python"], raw["versions"]["torch"]
    assert stored_results.to_markdown("balls", tmp_path).split("\n") == [
        "**Colour on balls**",
        "",
        "|  | chroma | SSIM | a\\|b |",
        "|:---|---:|---:|---:|",
        "| L1 | 1.00\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}0.25 | 0.900 | – |",
        "| cGAN | 0.00 | −0.250 | yes |",
        "| gray | 0 | 1.000\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}0.000 | – |",
        "",
        "<small>*Stored result: measured by `python -m benchmarks.balls`, seeds 0, 1, 2, "
        f"python {python}, torch {torch}, {raw['machine']}, {raw['date']}.* {BALLS['protocol']}"
        "</small>",
    ]


VALUES = ("rows", 0, "values")
CHROMA = (*VALUES, "chroma")
INVALID = [
    (["seeds"], None, "'seeds' is a required property"),
    (["command"], None, "'command' is a required property"),
    (["seeds"], [], "$.seeds: [] should be non-empty; expected a list of whole numbers"),
    (["seeds"], [1.5], "$.seeds[0]: 1.5 is not of type 'integer'; expected a whole number"),
    (["seeds"], [True], "True is not of type 'integer'"),
    (["command"], " ", "$.command"),
    (["command"], "a `b`", "without backticks"),
    (["title"], "two\nlines", "expected a text on one line"),
    (["title"], "a <!-- b", "$.title"),
    (["date"], "today", "expected a day"),
    (["host"], "x", "('host' was unexpected)"),
    (["versions", "torch"], None, "$.versions: 'torch' is a required property"),
    (["columns", 1, "digits"], 1.5, "$.columns[1]"),
    (["columns", 0], "SSIM", "expected different names"),
    (["rows", 0], "L1", "$.rows[0]: 'L1' is not of type 'object'"),
    (["rows", 0, "name"], "", "$.rows[0].name"),
    ([*VALUES, "PSNR"], 1.0, "'L1' has a value for 'PSNR', which is not one of the columns chroma"),
    (CHROMA, float("nan"), "NaN is not a finite number"),
    (CHROMA, True, "expected a finite number"),
    ([*CHROMA, "n"], None, '{"mean": number, "spread": 0 or more, "n": 1 or more}'),
    ([*CHROMA, "spread"], -1, '{"mean": number, "spread": 0 or more, "n": 1 or more}'),
]


@pytest.mark.parametrize(("keys", "value", "message"), INVALID)
def test_read_invalid_field_names_it(tmp_path, keys, value, message):
    path = tmp_path / "course/results/balls.json"
    path.write_text(json.dumps(changed(write(tmp_path), keys, value)), "utf-8")
    with pytest.raises(CourseError) as caught:
        stored_results.read("balls", tmp_path)
    assert message in str(caught.value)
    assert str(caught.value).startswith("course/results/balls.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "course/results/balls.json does not exist"),
        (b"{", "is not valid JSON"),
        (b"\xff", "is not valid JSON"),
        (b"[]", "expected an object"),
    ],
)
def test_read_of_missing_or_damaged_file_raises(tmp_path, content, message):
    if content is not None:
        write(tmp_path)
        (tmp_path / "course/results/balls.json").write_bytes(content)
    with pytest.raises(CourseError, match=message):
        stored_results.read("balls", tmp_path)


@pytest.mark.parametrize("name", ["", "../x", "a b", "a.json"])
def test_invalid_name_raises(tmp_path, name):
    with pytest.raises(CourseError, match="expected letters, digits"):
        stored_results.read(name, tmp_path)
    with pytest.raises(CourseError, match="expected letters, digits"):
        stored_results.write(name, **BALLS, root=tmp_path)


def test_write_of_invalid_result_writes_nothing(tmp_path):
    not_a_number = [{"name": "x", "values": {"chroma": object()}}]
    for wrong in ({"seeds": []}, {"rows": not_a_number}):
        with pytest.raises(CourseError):
            write(tmp_path, **wrong)
    assert not (tmp_path / "course/results/balls.json").exists()


def test_lint_names_unshown_and_incomplete_results(tiny):
    def lines():
        return [str(finding) for finding in result_files(tiny.root)]

    assert lines() == []
    raw = write(tiny.root)
    folder = tiny.root / stored_results.FOLDER
    (line,) = lines()
    assert line.startswith("course/results/balls.json: no solution and no text shows it: add its")
    shown = "<!-- result: balls -->\n<!-- end result -->\n"
    (tiny.root / "course/notes.md").write_text(shown, "utf-8")
    assert lines() == []
    for name in ("balls.webp", "other.webp", "notes.txt"):
        (folder / name).write_bytes(b"jpeg")
    found = lines()
    assert len(found) == 3 and "no text shows it" in found[0]
    assert found[1].startswith("course/results/notes.txt: expected NAME.json or NAME.webp")
    assert found[2].startswith(
        "course/results/other.webp: course/results/other.json does not exist"
    )
    (folder / "balls.json").write_text(json.dumps(changed(raw, ["seeds"], None)), "utf-8")
    assert "course/results/balls.json: $: 'seeds' is a required property" in lines()[1]
