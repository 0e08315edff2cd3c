import pytest

from maskanim_tf.storage.csv_tables import read_table


def read(tmp_path, content, *columns):
    (tmp_path / "t.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(tmp_path / "t.csv", *columns)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", ", "])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_tables_of_spreadsheet_programs(tmp_path, delimiter, encoding):
    lines = [("source", "driving", ""), ("Zoë.png", "b.mp4", ""), ("", "", ""), ("c.png", "d", "")]
    text = "\r\n".join(delimiter.join(line) for line in lines) + "\r\n"
    rows = read(tmp_path, text.encode(encoding), ("source", "driving"))
    assert [row.line for row in rows] == [2, 4]
    assert [row.values for row in rows] == [
        {"source": "Zoë.png", "driving": "b.mp4"},
        {"source": "c.png", "driving": "d"},
    ]


def test_quotes_hold_delimiters_and_lines(tmp_path):
    (row,) = read(tmp_path, 'a,b\n"x, ""y""","two\nlines"\n', ("a", "b"))
    assert row.values == {"a": 'x, "y"', "b": "two\nlines"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the header lacks 'a'; it must be a,b; c may follow"),
        ("b,c\n", "the header lacks 'a'"),
        ("a,b,d\n", "the header does not know 'd'"),
        ("a,b,a\n", "the header names 'a' twice"),
        ("a,b\n1,2,3\n", "line 2: 3 values for 2 columns"),
        (b"\x89PNG\0\0", "is no text"),
    ],
)
def test_a_wrong_table_is_one_error(tmp_path, content, message):
    with pytest.raises(ValueError, match=rf"t\.csv.*{message}"):
        read(tmp_path, content, ("a", "b"), ("c",))


def test_a_short_row_lacks_its_last_columns(tmp_path):
    (row,) = read(tmp_path, "a,b\n1\n", ("a", "b"))
    assert row.values == {"a": "1"}
    with pytest.raises(FileNotFoundError, match="there is no such table"):
        read_table(tmp_path / "absent.csv", ("a",))
