import os

import pytest

from maskanim_tf.training.history import COLUMNS, History

ROW = {"epoch": 0.5, "learning_rate": 2e-4, "coarse": 1.25}


def lines(folder):
    return (folder / "history.csv").read_text().splitlines()


def line(**cells):
    return ",".join(cells.get(column, "") for column in COLUMNS)


def test_rows_are_appended(tmp_path):
    history = History(str(tmp_path))
    history.add({"step": 1, **ROW})
    number = os.stat(tmp_path / "history.csv").st_ino
    history.add({"step": 2, **ROW, "validation_l1": 0.1})
    assert os.stat(tmp_path / "history.csv").st_ino == number
    assert lines(tmp_path) == [
        ",".join(COLUMNS),
        line(step="1", epoch="0.5", learning_rate="0.0002", coarse="1.25"),
        line(step="2", epoch="0.5", learning_rate="0.0002", coarse="1.25", validation_l1="0.1"),
    ]
    with pytest.raises(ValueError, match="no column 'speed'"):
        history.add({"step": 3, "speed": 1})


@pytest.mark.parametrize(
    "torn", ["3", "3,0.5,0.00", "3,0.5" + "," * (len(COLUMNS) - 2), "\0\0\0", "x\n", "3,1\n"]
)
def test_a_torn_line_is_dropped(tmp_path, torn):
    history = History(str(tmp_path))
    for step in (1, 2):
        history.add({"step": step, **ROW})
    whole = (tmp_path / "history.csv").read_text()
    with open(tmp_path / "history.csv", "a") as file:
        file.write(torn)
    resumed = History(str(tmp_path), step=9)
    assert [row["step"] for row in resumed.rows] == [1, 2]
    assert (tmp_path / "history.csv").read_text() == whole
    resumed.add({"step": 3, **ROW})
    assert len(lines(tmp_path)) == 4


def test_rows_behind_the_checkpoint_are_written_again(tmp_path):
    history = History(str(tmp_path))
    for step in (1, 2, 3):
        history.add({"step": step, **ROW})
    resumed = History(str(tmp_path), step=2)
    resumed.add({"step": 3, **ROW, "fine": 7})
    assert [line.split(",")[0] for line in lines(tmp_path)] == ["step", "1", "2", "3"]
    assert lines(tmp_path)[-1].split(",")[5] == "7"


def test_a_table_of_an_older_release_gets_the_new_columns(tmp_path):
    (tmp_path / "history.csv").write_text("step,coarse\n1,2.5\n")
    history = History(str(tmp_path), step=1)
    assert history.rows == [{"step": 1, "coarse": 2.5}]
    assert lines(tmp_path) == [",".join(COLUMNS), line(step="1", coarse="2.5")]


def test_a_resumed_run_draws_the_same_picture(tmp_path):
    history = History(str(tmp_path))
    for step in (1, 2, 3):
        history.add({"step": step, **ROW, "fine": 1 / 3 + step})
    picture = history.draw().read_bytes()
    resumed = History(str(tmp_path), step=3)
    assert resumed.rows == history.rows
    assert resumed.draw().read_bytes() == picture
