

def test_importing_the_pipeline_keeps_the_logging_of_the_application():
    before = logging.root.manager.disable
    try:
        for level in (logging.INFO, logging.CRITICAL, logging.NOTSET):
            logging.disable(level)
            importlib.reload(pipeline)
            assert logging.root.manager.disable == level
    finally:
        logging.disable(before)
