import dataclasses
import json

import pytest
from scipy.stats import binomtest

from maskanim_tf.evaluation.commands.study_tally import TallyOptions, main
from maskanim_tf.evaluation.study.ballots import checksum, read_ballots
from maskanim_tf.evaluation.study.shares import share_of
from maskanim_tf.evaluation.study.study_key import StudyKey, Trial, read_key
from tests.evaluation.study.studies import answers, save

KEY = StudyKey(
    "a-study",
    ("ours", "fomm"),
    {
        "t1": Trial("p1", "vox", {"f1": "ours", "f2": "fomm"}),
        "t2": Trial("p2", "vox", {"f3": "fomm", "f4": "ours"}),
        "t3": Trial("p3", "dolls", {"f5": "fomm", "f6": "ours"}),
    },
)
OURS = ("p1", "ours", "fomm")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "key.json").write_text(json.dumps(dataclasses.asdict(KEY)))
    return tmp_path


def tally(folder, *votes):
    main(TallyOptions(key=str(folder / "key.json"), votes=votes or (str(folder / "votes"),)))


def test_the_table(folder, capsys):
    for number in range(4):
        quality = "fomm" if number == 3 else "ours"
        votes = [("p2", quality, "ours"), ("p3", "ours", "ours")][: 1 + number % 2]
        save(folder / "votes" / f"{number}.json", answers(KEY, f"person {number}", votes))
    (folder / "votes" / "readme.txt").write_text("no votes")
    tally(folder)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[:6] == [
        "percent of choices (interval of 95 % confidence); by chance it would be 50 %",
        "ours fomm votes",
        "quality vox 75 % (30 to 95) 25 % (5 to 70) 4",
        "quality dolls 100 % (34 to 100) 0 % (0 to 66) 2",
        "motion vox 100 % (51 to 100) 0 % (0 to 49) 4",
        "motion dolls 100 % (34 to 100) 0 % (0 to 66) 2",
    ]
    assert lines[7:11] == [
        "published, of 25 people",
        "X2Face Monkey-Net FOMM the paper",
        "quality vox 0 % 8 % 16 % 76 %",
        "motion vox 0 % 0 % 12 % 88 %",
    ]
    assert lines[-1] == "people: 4; rounds: 6, of 20 s (median); stopped before the end: 2"


@pytest.mark.parametrize(("hits", "people"), [(0, 25), (4, 25), (19, 25), (25, 25), (1, 1)])
def test_intervals_of_one_vote_each_are_wilsons(hits, people):
    share = share_of([(int(number < hits), 1) for number in range(people)])
    wanted = binomtest(hits, people).proportion_ci(0.95, method="wilson")
    assert share.value == hits / people
    assert (share.low, share.high) == pytest.approx((wanted.low, wanted.high), abs=1e-6)


def test_votes_of_one_person_are_worth_less_the_more_alike_they_are():
    def interval(hits, votes):
        wanted = binomtest(hits, votes).proportion_ci(0.95, method="wilson")
        return pytest.approx((wanted.low, wanted.high), abs=1e-6)

    # Everybody always chooses the same: ten votes are one.
    alike = share_of([(10, 10)] * 12 + [(0, 10)] * 8)
    assert (alike.low, alike.high) == interval(12, 20)
    # Everybody is of two minds: each vote counts.
    mixed = share_of([(6, 10)] * 20)
    assert (mixed.low, mixed.high) == interval(120, 200)
    one = share_of([(6, 10)])
    assert (one.low, one.high) == pytest.approx((0.077, 0.964), abs=1e-3)
    between = share_of([(8, 10)] * 12 + [(3, 10)] * 8)
    assert alike.high - alike.low > between.high - between.low > mixed.high - mixed.low


def test_damaged_votes_are_refused_and_named(folder, capsys):
    good = answers(KEY, "somebody", [OURS])
    text = save(folder / "votes" / "good.json", good).read_text()
    damaged = {
        "cut.json": text[:-20],
        "changed.json": text.replace('"f1"', '"f2"', 1),
        "list.json": "[]",
        "bytes.json": "\0\0",
        "deep.json": "[" * 100_000,
    }
    for name, content in damaged.items():
        (folder / "votes" / name).write_text(content)
    invented = {
        "unknown.json": {**good, "votes": [{**good["votes"][0], "trial": "t9"}]},
        "stranger.json": {**good, "votes": [{**good["votes"][0], "quality": "f3"}]},
        "twice.json": {**good, "votes": good["votes"] * 2},
    }
    for name, ballot in invented.items():
        save(folder / "votes" / name, ballot)
    save(folder / "votes" / "old.json", {**good, "study": "another"})
    with pytest.raises(ValueError, match="is damaged") as refused:
        tally(folder)
    for name in (*damaged, *invented):
        assert f"{name} is damaged, or no file of votes" in str(refused.value)
    assert "old.json belongs to another study" in str(refused.value)
    assert "good.json" not in str(refused.value)
    assert capsys.readouterr().out == ""
    tally(folder, str(folder / "votes" / "good.json"))
    assert "people: 1" in capsys.readouterr().out


def test_a_person_counts_once(folder):
    first = save(folder / "votes" / "1.json", answers(KEY, "somebody", [OURS]))
    again = save(folder / "votes" / "2.json", answers(KEY, "somebody", [OURS, ("p2", *OURS[1:])]))
    with pytest.raises(ValueError, match=rf"{again} is by the person who saved {first}; keep one"):
        tally(folder)
    with pytest.raises(ValueError, match="keep one"):
        tally(folder, str(first), str(first))


def test_indented_by_an_editor_they_still_count(folder):
    path = save(folder / "votes" / "1.json", answers(KEY, "somebody", [OURS]))
    path.write_text(json.dumps(json.loads(path.read_text()), indent=4))
    (ballot,) = read_ballots([str(path)], KEY)
    assert ballot.votes[0].chosen == {"quality": "f1", "motion": "f2"}


def test_the_checksum_is_that_of_text_without_spaces():
    # By zlib's documentation: CRC-32 of "123456789" is cbf43926.
    assert checksum(123456789) == "cbf43926"


def test_what_is_missing_is_named(folder):
    with pytest.raises(ValueError, match="give --votes"):
        main(TallyOptions(key=str(folder / "key.json")))
    with pytest.raises(FileNotFoundError, match=r"no file .*nothing of votes"):
        tally(folder, str(folder / "nothing"))
    save(folder / "votes" / "1.json", answers(KEY, "somebody", []))
    with pytest.raises(ValueError, match="nobody finished a round"):
        tally(folder)
    with pytest.raises(FileNotFoundError):
        read_key(folder / "nothing.json")
    (folder / "wrong.json").write_text('{"trials": []}')
    with pytest.raises(ValueError, match=r"wrong\.json is no key of a study"):
        read_key(folder / "wrong.json")
