import av
import pytest

from maskanim_tf.evaluation.commands import score
from maskanim_tf.evaluation.commands.reconstruct import main
from maskanim_tf.evaluation.metrics import AKD, L1, METRICS, SSIM
from maskanim_tf.evaluation.published import published_fomm, published_rows
from maskanim_tf.evaluation.reconstruction import COPY, MODEL
from maskanim_tf.evaluation.tables import format_improvement, improvement
from tests.evaluation.clips import PUPPETS, SIZE, frames_of, rebuilt, results, write_test_clips


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Options of a run that has been made once, with lossless frames."""
    folder = tmp_path_factory.mktemp("reconstruct")
    write_test_clips(folder / "data" / "test")
    return folder, rebuilt(folder, dataset="vox")


def test_lossless_frames_score_the_same_as_while_generating(run, tmp_path):
    folder, options = run
    score.main(
        score.ScoreOptions(
            methods=(f"mine={options.output}/videos",),
            data_dir=str(folder / "data"),
            output=str(tmp_path),
        ),
        PUPPETS,
    )
    before, after = results(folder / "out"), results(tmp_path)
    assert before["methods"][MODEL]["videos"] == after["methods"]["mine"]["videos"]
    assert before["methods"][MODEL]["mean"] == after["methods"]["mine"]["mean"]
    assert before["methods"][MODEL]["mean"][L1]["weight"] == 6


def test_copying_the_source_is_scored_too(run):
    folder, _ = run
    copied = results(folder / "out")["methods"][COPY]["videos"]["p0"]
    frames = frames_of(folder, "p0").astype(float)
    expected = abs(frames[1:] - frames[:1]).mean() / 255
    assert copied[L1]["value"] == pytest.approx(expected)


def test_started_again_it_does_what_is_missing(run, capsys):
    folder, options = run
    video = folder / "out" / "videos" / "p0" / "00001.png"
    (folder / "out" / "records" / "p1.json").unlink()
    before, stamp = results(folder / "out"), video.stat().st_mtime_ns
    main(options, PUPPETS)
    assert results(folder / "out") == before
    assert video.stat().st_mtime_ns == stamp
    printed = capsys.readouterr().out
    assert "FOMM, published" in printed
    assert "improvement over FOMM as published: L1 " in printed


def test_other_settings_do_not_mix(run):
    _, options = run
    with pytest.raises(ValueError, match=r"results of other settings \(ablation was 'none'"):
        main(options.replace(ablation="no_id"), PUPPETS)


def test_mp4_plays(run, tmp_path):
    _, options = run
    main(options.replace(format="mp4", output=str(tmp_path), clips=1), PUPPETS)
    with av.open(str(tmp_path / "videos" / "p0.mp4")) as video:
        frames = list(video.decode(video=0))
        assert video.streams.video[0].codec.name == "h264"
    assert [(f.width, f.height) for f in frames] == [(SIZE, SIZE)] * 3
    assert not (tmp_path / "videos" / "p1.mp4").exists()


def test_published_figures_and_improvement():
    assert set(published_rows("taichi")) == {
        f"{m}, published" for m in ("X2Face", "Monkey-Net", "FOMM", "the paper")
    }
    assert published_rows("custom") == {} == published_fomm("custom")
    for dataset in ("vox", "taichi", "robonet"):
        for row in published_rows(dataset).values():
            assert set(row) <= set(METRICS)
    # The improvements that the paper states for its own rows.
    stated = {"taichi": {L1: 25.4, AKD: 38.2}, "vox": {L1: 20.9, AKD: -2.7}, "robonet": {L1: 22.2}}
    for dataset, values in stated.items():
        paper = published_rows(dataset)["the paper, published"]
        better = improvement(paper, published_fomm(dataset))
        assert {metric: round(better[metric], 1) for metric in values} == values
    assert improvement({SSIM: 0.9}, {SSIM: 0.6})[SSIM] == pytest.approx(50)
    assert format_improvement("over it", {L1: 0.02}, {L1: 0.04}) == "over it: L1 +50.0 %"
    assert format_improvement("over it", {L1: 0.02}, {AKD: 1.0}) == ""
