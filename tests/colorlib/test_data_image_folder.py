"""The image files of a folder."""

import pytest
from PIL import Image

from colorlib.data import list_images
from colorlib.data.image_folder import sort_files
from colorlib.io.images import ImageError, load_image


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
    assert "1 HEIC, camera raw or other" in caplog.text and "phone.HEIC" in caplog.text
    flat = list_images(str(tmp_path), recursive=False)
    assert [photo.name for photo in flat] == ["Z.tiff", "a.png", "b.JPG", "é.jpeg"]


def test_list_images_opens_no_file_with_photo_suffix(tmp_path):
    write_images(tmp_path, "good.png")
    (tmp_path / "bad.png").write_bytes(b"text")
    bad, good = list_images(tmp_path)
    assert good.image().size == (3, 2)
    with pytest.raises(ImageError, match=r"bad\.png is not an image"):
        bad.rgb()


CONTENT = {"a PNG": "PNG", "a.txt": "JPEG", "b.dat": "TIFF", "c.bak": "GIF", "d.old": "BMP"}
CONTENT |= {
    "e.x": "PPM",
    "f": "JPEG2000",
    "g.y": "TGA",
    "h.z": "WEBP",
    "k.1": "PCX",
    "l": "SGI",
    "m": "DIB",
}
SUFFIXES = [".jfif", ".jpe", ".JFIF", ".pgm", ".pbm", ".pnm", ".tga", ".psd", ".j2k", ".mpo"]


def test_list_images_takes_photos_by_content(tmp_path):
    for name, form in CONTENT.items():
        Image.new("RGB", (20, 10), "red").save(tmp_path / name, form)
    photos = list_images(tmp_path)
    assert [photo.name for photo in photos] == sorted(CONTENT)
    assert all(photo.image().size == (20, 10) for photo in photos)


def test_list_images_takes_every_suffix_of_photos(tmp_path):
    write_images(tmp_path, *(f"photo{suffix}" for suffix in SUFFIXES))
    assert len(list_images(tmp_path)) == len(SUFFIXES)


OTHERS = {
    "text.md": (b"# Notes", "not an image (it starts with b'# Notes')"),
    "empty": (b"", "empty (0 bytes)"),
    "clip.mp4": (b"\0\0\0\x18ftypmp42", "video, not a photo"),
    "clip.mov": (b"\0\0\0\x18ftypqt  ", "video, not a photo"),
    "photos.zip": (b"PK\3\4", "an archive, not a photo"),
    "scan.pdf": (b"%PDF-1.7", "PDF, not a photo"),
    "drawing.svg": (b"<svg>", "text (a web page or an SVG drawing), not a photo"),
    "model.safetensors": (bytes(16), "not an image (it starts with b'\\x00"),
}
UNREADABLE = {
    "phone.heic": b"x",
    "phone": b"\0\0\0\x18ftypheic",
    "new.jxl": b"x",
    "jxl": b"\xff\x0a",
    "jxl in a box": b"\0\0\0\x0cJXL \r\n\x87\n",
    "camera.srw": b"x",
    "camera": b"FUJIFILMCCD-RAW",
}


RENAMED = ["other.CR2", "other.heic", "other.jxl"]  # PNGs, which every command reads


def test_sort_files_names_every_file(tmp_path):
    write_images(tmp_path, "a.png", ".hidden.png", "results/b.png", "deep/c")
    (tmp_path / "broken.png").symlink_to(tmp_path / "nowhere.png")
    (tmp_path / "broken").symlink_to(tmp_path / "nowhere")
    (tmp_path / "deep" / "up").symlink_to(tmp_path)
    (tmp_path / "deep" / "out").symlink_to(tmp_path / "results")
    for name, content in UNREADABLE.items():
        (tmp_path / name).write_bytes(content)
    for name, (content, _) in OTHERS.items():
        (tmp_path / name).write_bytes(content)
    photos, others = sort_files(tmp_path, exclude=(tmp_path / "results").resolve())
    assert list(photos) == sorted(["a.png", "deep/c", "broken.png", *UNREADABLE])
    assert list(others) == sorted([*OTHERS, "broken", "deep/up"])
    assert others["deep/up"].startswith("a link to a folder, which is not followed")
    for name, (_, reason) in OTHERS.items():
        assert others[name].startswith(reason)
    assert others["broken"] == "a link that leads to no file"


def test_list_images_leaves_out_what_cannot_be_read(tmp_path, caplog):
    write_images(tmp_path, "a.png")
    for name, content in UNREADABLE.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ImageError, match="which is not supported; convert it to JPEG or PNG"):
            load_image(tmp_path / name)
    write_images(tmp_path, *RENAMED)
    assert [photo.name for photo in list_images(tmp_path)] == ["a.png", *RENAMED]
    assert f"{len(UNREADABLE)} HEIC, camera raw or other unreadable files" in caplog.text


def test_list_images_reads_a_folder_inside_a_hidden_one(tmp_path):
    write_images(tmp_path, ".cache/photos/a.png")
    assert len(list_images(tmp_path / ".cache" / "photos")) == 1


def test_list_images_without_images_says_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no photo; put photos there first"):
        list_images(tmp_path)
    with pytest.raises(FileNotFoundError, match="was not found"):
        list_images(tmp_path / "nowhere")
    write_images(tmp_path, "a.png")
    with pytest.raises(NotADirectoryError, match=r"a\.png is a file"):
        list_images(tmp_path / "a.png")
