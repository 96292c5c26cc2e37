"""Differences between Colab's package versions and our list."""

from argparse import Namespace

import pytest

from course.tool import colab_versions
from course.tool.cli import CourseError
from course.tool.course_config import ROOT

OURS = "# August\nnumpy==2.1.3\ntorch==2.11.*\njupyter_client==7.4.9\n"
SAME = "numpy==2.1.3\ntorch==2.11.0+cu128\njupyter-client==7.4.9\nother @ https://host/other.whl\n"
DEPENDENCIES = ["numpy>=1.26", "torch>=2.4"]
TOO_OLD = [
    "- numpy: 2.1.3 in {}, 1.25.2 on Colab",
    "- **numpy>=1.26** is not met by Colab (1.25.2): set-up would install it",
]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("", "", []),
        ("numpy==2.1.3", "numpy==2.4.0", ["- numpy: 2.1.3 in {}, 2.4.0 on Colab"]),
        ("2.11.0+cu128", "2.12.0+cu130", ["- torch: 2.11.* in {}, 2.12.0+cu130 on Colab"]),
        ("jupyter-client==7.4.9\n", "", ["- jupyter-client: 7.4.9 in {}, no longer on Colab"]),
        ("numpy==2.1.3", "numpy==1.25.2", TOO_OLD),
    ],
)
def test_changed_version_is_reported(old, new, lines):
    assert old in SAME
    found = colab_versions.differences(OURS, SAME.replace(old, new), DEPENDENCIES)
    assert list(found) == [line.format(colab_versions.OUR_LIST) for line in lines]


def test_web_page_as_list_raises():
    with pytest.raises(CourseError, match="expected pip freeze"):
        list(colab_versions.differences(OURS, "<html>torch</html>", DEPENDENCIES))


def test_command_compares_a_file_with_our_list(tmp_path, capsys):
    file = tmp_path / "colab.txt"
    ours = (ROOT / colab_versions.OUR_LIST).read_text("utf-8").replace(".*", ".0")
    others = (
        "anywidget==0.9.18\ntqdm==4.67.3\nsafetensors==0.7.0\njinja2==3.1.6\nfilelock==3.20.0\n"
    )
    others += "jaxtyping==0.3.3\nrequests==2.32.4\nsimplejpeg==1.9.0\ntifffile==2026.3.3\n"
    file.write_text(ours + others, "utf-8")
    assert colab_versions.main(Namespace(file=file)) == 0
    assert capsys.readouterr().out == f"Colab has the versions of {colab_versions.OUR_LIST}.\n"
    file.write_text(file.read_text("utf-8").replace("torch==2.11.0", "torch==9"), "utf-8")
    assert colab_versions.main(Namespace(file=file)) == 1
    with pytest.raises(CourseError, match="does not exist"):
        colab_versions.main(Namespace(file=tmp_path / "no.txt"))
