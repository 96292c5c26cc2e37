"""Downloads from a real server on this machine: only a complete and correct file is used."""

import dataclasses
import hashlib
import io
import logging
import os
import re
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from colorlib import data
from colorlib.data import download
from colorlib.data.archive import ArchiveError
from colorlib.data.catalog import CATALOG, DatasetSource, load_catalog
from colorlib.data.download import DownloadError, download_dataset, list_photos


def archive(names=("set/a.png", "set/b.png", "notes.txt")):
    image, content = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (4, 3), "red").save(image, "PNG")
    with zipfile.ZipFile(content, "w") as file:
        for name in names:
            data = b"no photo" if name.endswith(".txt") else image.getvalue()
            file.writestr(zipfile.ZipInfo(name), data)
    return content.getvalue()


GOOD = archive()
PAGE = b"\n<!DOCTYPE html>\n<html><body>Quota exceeded</body></html>"


class Handler(BaseHTTPRequestHandler):
    """A server whose paths fail in different ways, and that records the requests."""

    def do_GET(self):
        self.server.asked.append(self.path)
        way = self.path.split("/")[1]
        first = sum(asked.partition("?")[0] == self.path for asked in self.server.asked) == 1
        if way == "missing":
            self.send_error(404)
            return
        body = {
            "page": PAGE,
            "evil": archive(["set/a.png", "../evil.png"]),
            "few": archive(["set/a.png"]),
        }
        body = body.get(way, GOOD)
        if way in ("resumes", "shifted") and "Range" in self.headers:
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            self.server.asked[-1] += f"?{start}"
            if start >= len(body):
                self.send_error(416)
                return
            body = body[start:]
            self.send_response(206)
            start += way == "shifted"
            self.send_header("Content-Range", f"bytes {start}-{len(GOOD) - 1}/{len(GOOD)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        cut = (way in ("dropped", "resumes", "shifted") and first) or way == "truncated"
        self.wfile.write(body[: len(body) // 2] if cut else body)

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def source(server, monkeypatch):
    """Return a source whose URLs lead to the server; the wait between tries is skipped."""
    server.asked = []
    monkeypatch.setattr("pooch.core.time.sleep", lambda seconds: None)

    def make(*ways, **changes):
        urls = [f"http://127.0.0.1:{server.server_port}/{way}/set.zip" for way in ways]
        changes = {"size": len(GOOD), "sha256": hashlib.sha256(GOOD).hexdigest(), **changes}
        return DatasetSource(
            "set", "Two red images", urls, "CC0", "nobody", counts={"set": 2}, **changes
        )

    return make


def nothing_left(out):
    return not out.exists() or not list(out.iterdir())


def test_download_good_file_is_extracted_once(source, server, tmp_path, capsys):
    out = tmp_path / "out"
    target = download_dataset(source("good"), out)
    assert target == out / "set"
    assert [photo.name for photo in data.list_images(target)] == ["set/a.png", "set/b.png"]
    assert sorted(path.name for path in out.iterdir()) == ["set", "set.zip"]
    captured = capsys.readouterr()
    assert "100%" in captured.err and not captured.out
    assert download_dataset(source("good"), str(out)) == target and server.asked == [
        "/good/set.zip"
    ]


def test_download_without_progress_shows_no_bar(source, tmp_path, capsys):
    download_dataset(source("good"), tmp_path, progress=False)
    assert "%" not in capsys.readouterr().err


def test_download_file_saved_by_hand_needs_no_server(source, server, tmp_path):
    (tmp_path / "set.zip").write_bytes(GOOD)
    assert (
        len(data.list_images(download_dataset(source("missing"), tmp_path))) == 2
        and not server.asked
    )


def test_download_uses_a_mirror_if_the_first_fails(source, server, tmp_path):
    download_dataset(source("missing", "page", "good"), tmp_path, tries=1)
    assert server.asked == [f"/{way}/set.zip" for way in ("missing", "page", "good")]


def test_download_web_page_is_refused_at_once(source, server, tmp_path):
    with pytest.raises(
        DownloadError, match="the server returned a web page, not the file"
    ) as error:
        download_dataset(source("page"), tmp_path)
    assert server.asked == ["/page/set.zip"]  # no use in asking again
    steps = rf"by hand: open http://\S+/page/set\.zip in a browser, save the file as {tmp_path}/"
    assert re.search(steps, str(error.value)) and nothing_left(tmp_path)


@pytest.mark.parametrize(
    "page", [PAGE, b"<html>", b"\xef\xbb\xbf<!doctype html>", b"<?xml version='1.0'?>"]
)
def test_download_web_page_saved_by_hand_is_refused(source, tmp_path, page):
    (tmp_path / "set.zip").write_bytes(page)
    with pytest.raises(DownloadError, match=r"set\.zip: the server returned a web page"):
        download_dataset(source("good", sha256=None, size=None), tmp_path)


def test_download_missing_file_says_what_to_do(source, server, tmp_path):
    with pytest.raises(DownloadError, match="404.*by hand"):
        download_dataset(source("missing"), tmp_path, tries=2)
    assert server.asked == ["/missing/set.zip"] * 2 and nothing_left(tmp_path)


def test_download_without_server_says_what_to_do(source, tmp_path):
    nowhere = DatasetSource("set", "", ["http://127.0.0.1:9/set.zip"], "", "")
    with pytest.raises(
        DownloadError, match="set could not be downloaded .*by hand: open http://127"
    ):
        download_dataset(nowhere, tmp_path)
    assert nothing_left(tmp_path)


@pytest.mark.parametrize("known", [True, False])
def test_download_truncated_file_is_refused(source, server, tmp_path, known):
    """Half of a file is refused even where no hash is known: the server promised more."""
    with pytest.raises(DownloadError, match="could not be downloaded"):
        download_dataset(
            source("truncated", **({} if known else {"sha256": None, "size": None})), tmp_path
        )
    assert len(server.asked) == 3 and nothing_left(tmp_path)


def test_download_dropped_connection_is_tried_again(source, server, tmp_path):
    assert len(data.list_images(download_dataset(source("dropped"), tmp_path))) == 2
    assert len(server.asked) == 2


@pytest.fixture
def small_chunks(monkeypatch):
    """Write what has arrived in pieces of 10 bytes, because the archive is small."""
    monkeypatch.setattr(download, "_CHUNK", 10)


def test_download_that_broke_off_resumes(source, server, tmp_path, small_chunks):
    assert len(data.list_images(download_dataset(source("resumes"), tmp_path))) == 2
    kept = len(GOOD) // 2 // 10 * 10
    assert server.asked == ["/resumes/set.zip", f"/resumes/set.zip?{kept}"]
    assert not list(tmp_path.glob("*.part"))


def test_download_resumes_in_the_next_session(source, server, tmp_path, small_chunks):
    with pytest.raises(DownloadError, match="could not be downloaded"):
        download_dataset(source("resumes"), tmp_path, tries=1)
    (part,) = tmp_path.iterdir()
    assert part.name == "set.zip.part" and GOOD.startswith(part.read_bytes())
    assert len(data.list_images(download_dataset(source("resumes"), tmp_path, tries=1))) == 2
    assert server.asked[-1].endswith(f"?{len(GOOD) // 2 // 10 * 10}")


@pytest.mark.parametrize("way", ["dropped", "shifted"])
def test_download_begins_again_where_a_server_cannot_resume(
    way, source, server, tmp_path, small_chunks
):
    """It sends the whole file, or another part of it than the one that was asked for."""
    assert len(data.list_images(download_dataset(source(way), tmp_path))) == 2


@pytest.mark.parametrize("rest", [b"", b"of another file"])
def test_part_that_does_not_belong_to_the_file_begins_again(rest, source, tmp_path):
    (tmp_path / "set.zip.part").write_bytes(GOOD + rest if rest else b"x" * 50)
    assert len(data.list_images(download_dataset(source("resumes"), tmp_path))) == 2


def test_download_that_does_not_fit_is_refused_before_it_begins(
    source, server, tmp_path, monkeypatch
):
    monkeypatch.setattr("shutil.disk_usage", lambda path: (10**12, 0, 10**9))
    with pytest.raises(OSError, match="set: archive and content take 2.1 GB in .* 1.0 GB are free"):
        download_dataset(source("good", size=10**9), tmp_path / "out")
    assert not server.asked and not (tmp_path / "out").exists()


def test_download_proposes_a_smaller_set(source, tmp_path):
    with pytest.raises(DownloadError, match="or take a smaller set, coco-val"):
        download_dataset(source("missing", smaller="coco-val"), tmp_path, tries=1)


def test_smaller_sets_exist_and_are_smaller():
    for entry in CATALOG.values():
        if entry.smaller:
            assert CATALOG[entry.smaller].size < entry.size / 2
    assert CATALOG["coco"].smaller == "coco-val"


def test_download_wrong_hash_or_size_is_refused(source, tmp_path):
    with pytest.raises(DownloadError, match="does not match the known hash"):
        download_dataset(source("good", sha256="0" * 64), tmp_path, tries=1)
    assert nothing_left(tmp_path)
    (tmp_path / "set.zip").write_bytes(GOOD)
    with pytest.raises(
        DownloadError, match=r"has \d+ bytes and sha256 \w+, expected \d+ and 0{64}; delete"
    ):
        download_dataset(source("good", sha256="0" * 64), tmp_path)
    with pytest.raises(DownloadError, match="expected 1,234,567 and"):
        download_dataset(source("good", sha256=None, size=1_234_567), tmp_path)
    assert not (tmp_path / "set").exists()


def test_download_logs_an_unpublished_hash_once(source, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "colorlib"):
        download_dataset(source("good", sha256=None), tmp_path)
        assert f"has sha256 {hashlib.sha256(GOOD).hexdigest()}; none is published" in caplog.text
        caplog.clear()
        download_dataset(source("good", sha256=None), tmp_path)
    assert not caplog.text  # at first use only


def test_download_unsafe_archive_is_refused(source, tmp_path):
    out = tmp_path / "deep" / "out"
    with pytest.raises(ArchiveError, match=r"set\.zip holds '\.\./evil\.png', which leaves"):
        download_dataset(source("evil", sha256=None, size=None), out)
    assert not list(tmp_path.rglob("evil.png")) and [path.name for path in out.iterdir()] == [
        "set.zip"
    ]


def test_download_with_too_few_images_is_refused(source, tmp_path):
    with pytest.raises(
        DownloadError, match=r"set\.zip holds 1 images in set, expected 2 or more; delete"
    ):
        download_dataset(source("few", sha256=None, size=None), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["set.zip"]


def test_list_photos_finds_every_kind_of_name(source, tmp_path, monkeypatch, server):
    monkeypatch.setenv("COLORLIB_CACHE", str(tmp_path))
    monkeypatch.setitem(CATALOG, "set", source("good"))
    assert [photo.name for photo in list_photos("set")] == ["set/a.png", "set/b.png"]
    assert (tmp_path / "sources" / "set").is_dir()
    assert [photo.name for photo in list_photos("photos")] == [
        photo.name for photo in data.sample_photos("all")
    ]
    assert (
        len(list_photos(tmp_path / "sources" / "set"))
        == len(list_photos(str(tmp_path / "sources" / "set")))
        == 2
    )
    with pytest.raises(
        FileNotFoundError, match="found nowhere, expected a folder or one of photos, coco"
    ):
        list_photos("yosemit")
    with pytest.raises(ValueError, match="drawn as tensors"):
        list_photos("scenes")
    with pytest.raises(ValueError, match="expected one of coco"):
        download_dataset("photos")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="holds no photo"):
        list_photos(tmp_path / "empty")


@pytest.mark.parametrize("entry", CATALOG.values(), ids=lambda entry: entry.name)
def test_catalog_entry_is_complete(entry):
    assert all(re.fullmatch(r"https?://\S+\.(zip|tgz)", url) for url in entry.urls)
    assert len({url.rpartition("/")[2] for url in entry.urls}) == 1
    assert entry.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", entry.sha256)
    assert entry.size > 9e7 and entry.counts and all(count > 0 for count in entry.counts.values())
    assert set(entry.folders) <= set(entry.counts)
    assert len(entry.licence) > 10 and re.search(r"\(20\d\d\)", entry.citation)
    text = str(entry)
    assert (
        text.startswith(f"{entry.name}: ") and " MB). Licence: " in text and entry.citation in text
    )


def test_list_photos_uses_only_the_named_folders(tmp_path, monkeypatch):
    for name in ("a/trainA/1.png", "a/trainB/2.png", "a/trainAB/3.png", "a/testA/deep/4.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    entry = dataclasses.replace(CATALOG["yosemite"], folders=["a/trainA", "a/testA"])
    monkeypatch.setitem(CATALOG, "yosemite", entry)
    monkeypatch.setattr("colorlib.data.download.download_dataset", lambda name, progress: tmp_path)
    assert [photo.name for photo in list_photos("yosemite")] == [
        "a/testA/deep/4.png",
        "a/trainA/1.png",
    ]


def test_catalog_covers_the_papers():
    assert {paper for entry in CATALOG.values() for paper in re.findall(r"00\d", entry.title)} == {
        "000",
        "001",
        "002",
        "003",
        "004",
    }
    yosemite = CATALOG["yosemite"].counts
    assert sum(count for name, count in yosemite.items() if name.endswith("A")) == 1540
    assert "stands in for paper 004" in CATALOG["imagenette-160"].title


def test_catalog_of_your_own_adds_and_replaces(tmp_path):
    table = tmp_path / "mine.toml"
    entry = (
        'title = "Mine"\nurls = ["http://127.0.0.1/mine.zip"]\nlicence = "CC0"\ncitation = "me"\n'
    )
    table.write_text(f"[coco]\n{entry}\n[mine]\n{entry}counts = {{ mine = 2 }}\n")
    code = "from colorlib.data.catalog import CATALOG as c; "
    code += "print(c['coco'].title, c['mine'].counts, len(c))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"COLORLIB_SOURCES": str(table)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == f"Mine {{'mine': 2}} {len(CATALOG) + 1}\n"


@pytest.mark.parametrize("text", ["[coco]\ntitle = 'no addresses'", "[coco", "[coco]\ncolour = 1"])
def test_load_catalog_wrong_table_is_refused(tmp_path, text):
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ValueError, match="mine.toml is not a table of data sets"):
        load_catalog(tmp_path / "mine.toml")
