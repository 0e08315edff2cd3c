"""Which detector and which embedding measure, and why a metric cannot be measured."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import TypeVar

from maskanim_tf.config import Section, option
from maskanim_tf.evaluation.face_chips import FaceEmbedding
from maskanim_tf.evaluation.image_model import (
    COLORS,
    NORMALIZATIONS,
    ImageModel,
    ModelInput,
    ModelMissingError,
)
from maskanim_tf.evaluation.keypoints import (
    LAYOUTS,
    UNITS,
    KeypointDetector,
    ModelPoints,
    PuppetJoints,
)
from maskanim_tf.evaluation.mediapipe_points import MediaPipePoints
from maskanim_tf.evaluation.metrics import AED, AKD, CSIM, IOU, MKR, POSE, SHAPE
from maskanim_tf.evaluation.segmentation import MediaPipePerson, SceneDifference, Segmenter

T = TypeVar("T")

# What finds key points where the data set decides, and what finds subjects where the key points do.
_BY_DATASET = {"vox": "face", "taichi": "pose"}
_BY_KEYPOINTS = {"puppets": "scene", "face": "person", "pose": "person"}


@dataclasses.dataclass(frozen=True)
class DetectorOptions(Section):
    """The networks that metrics need."""

    keypoints: str = option(
        "auto",
        "what finds key points: joints of puppets, MediaPipe's face or pose, or a network in a "
        "file; auto: what suits the data set",
        choices=("auto", "none", "puppets", "face", "pose", "model"),
    )
    keypoints_model: str = option("", "a .onnx or .tflite file, or a SavedModel folder")
    keypoints_layout: str = option("xyc", "how its output is read", choices=LAYOUTS)
    keypoints_units: str = option("fraction", "units of its x and y", choices=UNITS)
    keypoints_size: int = option(256, "side of the frames it takes", minimum=1)
    keypoints_normalization: str = option("unit", "values it takes", choices=tuple(NORMALIZATIONS))
    keypoints_colors: str = option("rgb", "its order of channels", choices=COLORS)
    keypoints_threshold: float = option(0.5, "least confidence of a point that is found")
    segmentation: str = option(
        "auto",
        "what finds the subject in generated frames, for mask IoU: the difference from the empty "
        "scene (the camera must stand still), or MediaPipe's selfie segmentation; auto: what suits "
        "the key points",
        choices=("auto", "none", "scene", "person"),
    )
    embedding: str = option("", "network for AED and CSIM: .onnx, .tflite or a SavedModel folder")
    embedding_size: int = option(112, "side of the frames it takes", minimum=1)
    embedding_normalization: str = option(
        "signed", "values it takes", choices=tuple(NORMALIZATIONS)
    )
    embedding_colors: str = option("rgb", "its order of channels", choices=COLORS)
    embedding_crop: str = option(
        "frame",
        "what it sees: the frame, or the face in it that MediaPipe finds, turned upright",
        choices=("frame", "face"),
    )


@dataclasses.dataclass(frozen=True)
class Detectors:
    """What measures.

    Attributes:
      detector: finds key points, or None.
      embedding: turns frames into vectors, or None.
      segmenter: finds the subject of a clip, or None.
      not_measured: the reason, for every metric that cannot be measured.
      names: of the other three, for the results.
    """

    detector: KeypointDetector | None
    embedding: ImageModel | FaceEmbedding | None
    segmenter: Segmenter | None
    not_measured: dict[str, str]
    names: dict[str, str]


def open_detectors(options: DetectorOptions, dataset: str = "custom") -> Detectors:
    """Loads what the options name; what is missing becomes a reason, what is broken an error.

    Raises:
      ValueError: a model is damaged or takes other frames than declared.
    """
    not_measured: dict[str, str] = {}

    def opened(metrics: tuple[str, ...], opener: Callable[[], T]) -> T | None:
        try:
            return opener()
        except (ModelMissingError, ImportError) as error:
            not_measured.update(dict.fromkeys(metrics, str(error)))
            return None

    detector = opened((AKD, MKR, POSE, SHAPE), lambda: _open_detector(options, dataset))
    if detector and not detector.has_depth:
        not_measured[SHAPE] = "these key points have no depth; those of --keypoints=face have"
    embedding = opened((AED, CSIM), lambda: _open_embedding(options))
    segmenter = opened((IOU,), lambda: _open_segmenter(options, dataset))
    names = {
        "keypoints": detector.description if detector else "none",
        "segmentation": segmenter.description if segmenter else "none",
        "embedding": os.path.basename(options.embedding) if embedding else "none",
    }
    return Detectors(detector, embedding, segmenter, not_measured, names)


def _keypoints_kind(options: DetectorOptions, dataset: str) -> str:
    return _BY_DATASET.get(dataset, "none") if options.keypoints == "auto" else options.keypoints


def _open_segmenter(options: DetectorOptions, dataset: str) -> Segmenter:
    kind = options.segmentation
    if kind == "auto":
        kind = _BY_KEYPOINTS.get(_keypoints_kind(options, dataset), "none")
    if kind == "none":
        raise ModelMissingError("nothing finds the subject; choose --segmentation=scene|person")
    return SceneDifference() if kind == "scene" else MediaPipePerson()


def _open_detector(options: DetectorOptions, dataset: str) -> KeypointDetector:
    kind = _keypoints_kind(options, dataset)
    if kind == "none":
        raise ModelMissingError(
            "no key-point detector; choose one with --keypoints=puppets|face|pose|model"
        )
    if kind == "puppets":
        return PuppetJoints()
    if kind != "model":
        return MediaPipePoints(kind)
    if not options.keypoints_model:
        raise ModelMissingError("no key-point network; name its file with --keypoints_model=FILE")
    expects = ModelInput(
        options.keypoints_size, options.keypoints_normalization, options.keypoints_colors
    )
    return ModelPoints(
        options.keypoints_model,
        expects,
        options.keypoints_layout,
        options.keypoints_units,
        options.keypoints_threshold,
    )


def _open_embedding(options: DetectorOptions) -> ImageModel | FaceEmbedding:
    if not options.embedding:
        raise ModelMissingError("no embedding; name the file of one with --embedding=FILE")
    expects = ModelInput(
        options.embedding_size, options.embedding_normalization, options.embedding_colors
    )
    model = ImageModel(options.embedding, expects)
    return model if options.embedding_crop == "frame" else FaceEmbedding(model, expects.size)
