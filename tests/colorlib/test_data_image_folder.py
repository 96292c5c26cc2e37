"""The image files of a folder."""

import pytest
from PIL import Image

from colorlib.data import list_images
from colorlib.io.images import ImageError


def write_images(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (3, 2), "red").save(path, format="PNG")


def test_list_images_returns_sorted_visible_images(tmp_path, caplog):
    visible = ["Z.tiff", "a.png", "b.JPG", "sub/c.webp", "é.jpeg"]
    write_images(tmp_path, *visible, "sub/.hidden/d.png", ".e.png", "._a.png")
    (tmp_path / "notes.txt").write_text("text")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "phone.HEIC").write_bytes(b"x")
    photos = list_images(tmp_path)
    assert [photo.name for photo in photos] == visible
    assert photos[3].image().size == (3, 2) and photos[3].rgb(4).shape == (1, 3, 4, 4)
    assert "1 HEIC or camera raw" in caplog.text and "phone.HEIC" in caplog.text
    flat = list_images(str(tmp_path), recursive=False)
    assert [photo.name for photo in flat] == ["Z.tiff", "a.png", "b.JPG", "é.jpeg"]


def test_list_images_opens_no_file(tmp_path):
    write_images(tmp_path, "good.png")
    (tmp_path / "bad.png").write_bytes(b"text")
    bad, good = list_images(tmp_path)
    assert good.image().size == (3, 2)
    with pytest.raises(ImageError, match=r"bad\.png is not an image"):
        bad.rgb()


def test_list_images_include_unreadable_lists_every_kind(tmp_path):
    write_images(tmp_path, "a.png")
    (tmp_path / "phone.heic").write_bytes(b"x")
    (tmp_path / "broken.png").symlink_to(tmp_path / "nowhere.png")
    assert [photo.name for photo in list_images(tmp_path)] == ["a.png"]
    photos = list_images(tmp_path, include_unreadable=True)
    assert [photo.name for photo in photos] == ["a.png", "broken.png", "phone.heic"]


def test_list_images_reads_a_folder_inside_a_hidden_one(tmp_path):
    write_images(tmp_path, ".cache/photos/a.png")
    assert len(list_images(tmp_path / ".cache" / "photos")) == 1


def test_list_images_without_images_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no file ending in \.jpg, \.jpeg, \.png"):
        list_images(tmp_path)
    with pytest.raises(FileNotFoundError, match="was not found"):
        list_images(tmp_path / "nowhere")
    write_images(tmp_path, "a.png")
    with pytest.raises(NotADirectoryError, match=r"a\.png is a file"):
        list_images(tmp_path / "a.png")
