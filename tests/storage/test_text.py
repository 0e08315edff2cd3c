import codecs

import pytest

from maskanim_tf.storage.text import read_text

TEXT = "source,driving\nZoë.png,Tänzer.mp4\n"


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("cp1252", b""),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-32-le", codecs.BOM_UTF32_LE),
        ("utf-32-be", codecs.BOM_UTF32_BE),
    ],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_text_of_any_editor_is_read(tmp_path, encoding, mark, ending):
    path = tmp_path / "table.csv"
    path.write_bytes(mark + TEXT.replace("\n", ending).encode(encoding))
    assert read_text(path) == TEXT


@pytest.mark.parametrize("content", [b"\x89PNG\0\0\0\r", b"\xff\xfe\x00", b"\x81\x8d", b"\0" * 9])
def test_what_is_no_text_is_named(tmp_path, content):
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(ValueError, match=r"table\.csv: is no text.*save it as UTF-8"):
        read_text(tmp_path / "table.csv")


def test_an_empty_file_is_empty_text(tmp_path):
    (tmp_path / "table.csv").touch()
    assert read_text(tmp_path / "table.csv") == ""
