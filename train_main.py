"""Trains: `python train_main.py --flagfile=flagfiles/small64.flags --data_dir=VIDEOS`."""

from maskanim_tf.train import run

if __name__ == "__main__":
    run()
