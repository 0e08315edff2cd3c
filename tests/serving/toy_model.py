"""A model that is small enough to know all of its answers by heart."""

import tensorflow as tf

NAME, VERSION = "half_plus_three", 123


def signature(**inputs):
    return [tf.TensorSpec(shape, dtype, name) for name, (shape, dtype) in inputs.items()]


class Toy(tf.Module):
    """The model of TensorFlow Serving's own examples, and a signature for each kind of tensor."""

    @tf.function(input_signature=signature(x=([None], tf.float32)))
    def half_plus_three(self, x):
        return {"y": x / 2 + 3}

    @tf.function(
        input_signature=signature(
            tag=([None], tf.string),
            signal=([None, 5], tf.float32),
            sensor=([None, 2, 2], tf.float32),
        )
    )
    def sensors(self, tag, signal, sensor):
        total = tf.reduce_sum(signal, 1) + tf.reduce_sum(sensor, (1, 2))
        return {"name": tag, "total": total}

    @tf.function(input_signature=signature(text=([None], tf.string)))
    def strings(self, text):
        return {"text": tf.identity(text), "text_bytes": tf.identity(text)}

    @tf.function(
        input_signature=signature(
            flag=([None], tf.bool),
            byte=([None], tf.uint8),
            whole=([None], tf.int32),
            long=([None], tf.int64),
            double=([None], tf.float64),
        )
    )
    def types(self, flag, byte, whole, long, double):
        inputs = {"flag": flag, "byte": byte, "whole": whole, "long": long, "double": double}
        return {key: tf.identity(value) for key, value in inputs.items()}

    @tf.function(input_signature=signature(x=([], tf.float32)))
    def scalar(self, x):
        return {"y": x + 1}

    @tf.function(input_signature=signature(x=([None], tf.float32)))
    def uneven(self, x):
        return {"a": x, "b": x[:1]}

    @tf.function(input_signature=signature(x=([None, None], tf.float32)))
    def grid(self, x):
        return {"y": x * 2}


def write_toy(base_path):
    """Writes the only version into a folder of versions."""
    toy = Toy()
    signatures = {
        "serving_default": toy.half_plus_three,
        **{
            name: getattr(toy, name)
            for name in ("sensors", "strings", "types", "scalar", "uneven", "grid")
        },
    }
    tf.saved_model.save(toy, str(base_path / str(VERSION)), signatures=signatures)
