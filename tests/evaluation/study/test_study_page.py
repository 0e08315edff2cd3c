"""A study: its folder, and its page in a real browser, opened from that folder."""

import json
from collections import Counter

import cv2
import numpy as np
import pytest

from maskanim_tf.evaluation.commands import study_make, study_tally
from maskanim_tf.evaluation.commands.study_tally import TallyOptions
from maskanim_tf.evaluation.study.ballots import read_ballots
from tests.animation.material import decoded
from tests.browsers import chromium, new_tab
from tests.evaluation.clips import SIZE, write_frames
from tests.evaluation.study.studies import (
    DATASETS,
    METHODS,
    make_study,
    options,
    puppet,
    write_films,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="module")
def key(folder):
    return make_study(folder, welcome="We ask for science.", farewell="Mail it to a@b.example.")


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


def test_the_folder_holds_what_each_method_made(folder, key):
    films = folder / "study" / "page" / "films"
    assert key.methods == METHODS
    assert {trial.pair: trial.dataset for trial in key.trials.values()} == DATASETS
    for name, trial in key.trials.items():
        index = int(trial.pair[1])
        picture = cv2.imread(str(films / f"{name}.png"))[..., ::-1]
        np.testing.assert_array_equal(picture, puppet(index)[0])
        made = {film: index + METHODS.index(method) for film, method in trial.films.items()}
        for film, shown in {**made, name: index}.items():
            frames, rate = decoded(films / f"{film}.mp4")
            wanted = puppet(shown)
            assert frames.shape == wanted.shape
            assert rate == pytest.approx(25)
            # Of every other puppet it is further away.
            distances = [np.abs(frames - puppet(n).astype(float)).mean() for n in range(6)]
            assert np.argmin(distances) == shown


def test_nothing_in_the_page_tells_a_method(folder, key):
    page = folder / "study" / "page"
    files = [path for path in page.rglob("*") if path.is_file()]
    assert len(files) == 4 + len(DATASETS) * (2 + len(METHODS))
    secret = [*METHODS[1:], *DATASETS, *set(DATASETS.values()), "maskanim_tf"]
    for path in files:
        content = path.read_bytes()
        assert not [word for word in secret if word in str(path.relative_to(page))]
        assert not [word for word in secret if f'"{word}"'.encode() in content], path
        if path.suffix == ".mp4":
            assert not any(method.encode() in content for method in METHODS)
    assert len({path.stat().st_mtime for path in files}) == 1
    # Names are drawn: they give no order away.
    orders = {tuple(trial.films.values()) for trial in key.trials.values()}
    assert all(set(order) == set(METHODS) for order in orders)
    assert all(list(trial.films) == sorted(trial.films) for trial in key.trials.values())


def choose(tab, key, question, method):
    """Chooses the film of a method in the round that is shown."""
    shown = tab.eval_on_selector_all("#films video", "all => all.map(film => film.src)")
    names = [address.rpartition("/")[2].removesuffix(".mp4") for address in shown]
    methods = [
        next(trial.films[name] for trial in key.trials.values() if name in trial.films)
        for name in names
    ]
    place = methods.index(method) + 1
    tab.click(f"[data-question={question}] label:nth-child({place})")


def test_a_person_answers(folder, key, browser, capsys):
    with new_tab(browser, accept_downloads=True) as tab:
        address = (folder / "study" / "page" / "index.html").as_uri()
        tab.goto(address)
        assert "We ask for science." in tab.inner_text("#welcome")
        assert "There are 2 rounds" in tab.inner_text("#welcome")
        tab.click("#begin")
        # All films run, and begin again after their end.
        running = "[...document.querySelectorAll('#round video')].every(film => film.{})"
        tab.wait_for_function(running.format("ended"))
        tab.wait_for_function(running.format("currentTime < film.duration"))
        assert tab.eval_on_selector("#source", "picture => picture.naturalWidth") == SIZE
        choose(tab, key, "quality", "ours")
        assert tab.is_disabled("#next")
        choose(tab, key, "motion", "theirs")
        tab.click("#next")
        assert tab.inner_text("#place") == "Round 2 of 2"
        # What was answered stays when the page is closed.
        tab.goto(address)
        assert tab.inner_text("#begin") == "Go on"
        tab.click("#begin")
        assert tab.inner_text("#place") == "Round 2 of 2"
        tab.click("#stop")
        assert "1 of 2 rounds" in tab.inner_text("#end")
        tab.click("#back")
        choose(tab, key, "quality", "others")
        choose(tab, key, "motion", "theirs")
        tab.click("#next")
        assert "Mail it to a@b.example." in tab.inner_text("#end")
        with tab.expect_download() as download:
            tab.click("#save")
        votes = folder / "votes" / download.value.suggested_filename
        download.value.save_as(votes)
        assert votes.name in tab.inner_text("#saved")
        tab.click("#another")
        assert tab.inner_text("#begin") == "Begin"
        assert all(asked.startswith(("file://", "blob:", "data:")) for asked in tab.asked)
        assert tab.complaints == []
    (ballot,) = read_ballots([str(votes.parent)], key)
    assert ballot.rounds == 2
    assert {key.trials[vote.trial].dataset for vote in ballot.votes} == set(DATASETS.values())
    output = folder / "tally.json"
    capsys.readouterr()
    study_tally.main(
        TallyOptions(
            key=str(folder / "study" / "key.json"), votes=(str(votes),), output=str(output)
        )
    )
    rows = json.loads(output.read_text())["rows"]
    chosen = Counter(
        (row["question"], method)
        for row in rows
        for method, share in row["shares"].items()
        if share["value"] == 1
    )
    assert chosen == {("quality", "ours"): 1, ("quality", "others"): 1, ("motion", "theirs"): 2}
    printed = capsys.readouterr().out
    assert "people: 1; rounds: 2" in printed
    assert "stopped before the end: 0" in printed


def test_orders_are_drawn_for_each_person(folder, key, browser):
    with new_tab(browser) as tab:
        tab.goto((folder / "study" / "page" / "index.html").as_uri())
        people = tab.evaluate("Array.from({ length: 120 }, newPerson)")
    assert len({person["person"] for person in people}) == len(people)
    rounds = [each for person in people for each in person["rounds"]]
    assert {each["trial"] for each in rounds} == set(key.trials)
    first = Counter(key.trials[each["trial"]].films[each["shown"][0]] for each in rounds)
    # 80 are expected of 240, give or take 7.
    assert set(first) == set(METHODS)
    assert min(first.values()) > 40
    for person in people:
        pairs = [key.trials[each["trial"]] for each in person["rounds"]]
        assert sorted(pair.dataset for pair in pairs) == ["dolls", "vox"]


def test_what_cannot_be_shown(tmp_path):
    write_films(tmp_path)
    for changes, message in (
        ({"pairs": ""}, "nothing to show; give --pairs"),
        ({"methods": (f"ours={tmp_path}/methods/ours",)}, "there is ours alone"),
        ({"image_size": 31}, "an even side, not 31"),
    ):
        with pytest.raises(ValueError, match=message):
            study_make.main(options(tmp_path, **changes))
    assert not (tmp_path / "study").exists()
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "key.json").write_text("{}")
    with pytest.raises(FileExistsError, match="votes for a study need its key"):
        study_make.main(options(tmp_path))
    assert (tmp_path / "study" / "key.json").read_text() == "{}"
    write_frames(tmp_path / "methods" / "ours" / "p0", np.repeat(puppet(0)[:1], 5, axis=0))
    with pytest.raises(ValueError, match="ours: p0 has 5 frames for 4 of the driver"):
        study_make.main(options(tmp_path))
