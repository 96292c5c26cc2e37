"""What has moved on Colab is said once, and what is no list is refused."""

from argparse import Namespace

import pytest

from course.tool import colab_versions
from course.tool.cli import CourseError
from course.tool.course_config import ROOT

KNOWN = "# August\nnumpy==2.1.3\ntorch==2.11.*\njupyter_client==7.4.9\n"
SAME = "numpy==2.1.3\ntorch==2.11.0+cu128\njupyter-client==7.4.9\nother @ https://host/other.whl\n"
NEEDED = ["numpy>=1.26", "torch>=2.4"]


def test_the_same_versions_are_no_news():
    assert list(colab_versions.differences(KNOWN, SAME, NEEDED)) == []


@pytest.mark.parametrize(
    ("old", "new", "news"),
    [
        ("numpy==2.1.3", "numpy==2.4.0", ["- numpy: 2.1.3 in {}, 2.4.0 on Colab"]),
        ("2.11.0+cu128", "2.12.0+cu130", ["- torch: 2.11.* in {}, 2.12.0+cu130 on Colab"]),
        ("jupyter-client==7.4.9\n", "", ["- jupyter-client: 7.4.9 in {}, no longer on Colab"]),
        (
            "numpy==2.1.3\n",
            "numpy==1.25.2\n",
            [
                "- numpy: 2.1.3 in {}, 1.25.2 on Colab",
                "- **numpy>=1.26** is not met by Colab (1.25.2): set-up would install it",
            ],
        ),
    ],
)
def test_what_moved_is_said(old, new, news):
    assert old in SAME
    said = list(colab_versions.differences(KNOWN, SAME.replace(old, new), NEEDED))
    assert said == [line.format(colab_versions.KNOWN) for line in news]


def test_a_web_page_is_no_list():
    with pytest.raises(CourseError, match="expected pip freeze"):
        list(colab_versions.differences(KNOWN, "<html>torch</html>", NEEDED))


def test_the_command_reads_our_own_list(tmp_path, capsys):
    file = tmp_path / "colab.txt"
    extra = "tqdm==4.67.3\nsafetensors==0.7.0\n"
    file.write_text(
        (ROOT / colab_versions.KNOWN).read_text("utf-8").replace(".*", ".0") + extra, "utf-8"
    )
    assert colab_versions.main(Namespace(file=file)) == 0
    assert capsys.readouterr().out == f"Colab has the versions of {colab_versions.KNOWN}.\n"
    file.write_text(file.read_text("utf-8").replace("torch==2.11.0", "torch==9"), "utf-8")
    assert colab_versions.main(Namespace(file=file)) == 1
    with pytest.raises(CourseError, match="does not exist"):
        colab_versions.main(Namespace(file=tmp_path / "no.txt"))
