import importlib
import logging
from pathlib import Path

from maskanim_tf.demo import DemoOptions, folders


def test_demos_with_other_puppets_share_no_folder():
    options = (DemoOptions(), DemoOptions(persons=4), DemoOptions(clips_per_person=6))
    places = [place for each in options for place in folders(Path("out"), 64, each)]
    assert len(set(places)) == 6


def test_importing_the_pipeline_keeps_the_logging_of_the_application():
    from maskanim_tf.data.prepare import pipeline

    before = logging.root.manager.disable
    try:
        for level in (logging.INFO, logging.CRITICAL, logging.NOTSET):
            logging.disable(level)
            importlib.reload(pipeline)
            assert logging.root.manager.disable == level
    finally:
        logging.disable(before)
