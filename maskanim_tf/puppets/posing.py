"""Kinematics: from pose channels to the points of the skeleton in three dimensions."""

from __future__ import annotations

import numpy as np

from maskanim_tf.puppets.skeleton import CHANNELS, Proportions

_SIDES = (("left", 1.0), ("right", -1.0))

# Share of an arm's length that a hand may be away from its shoulder, and how gently it is held.
_MAX_REACH, _SOFTNESS = 0.95, 0.06
# With the hand in the first direction (outwards, up, forward), the elbow bends to the second.
_REST_REACH = np.array([0.505, -0.303, 0.808])
_REST_ELBOW = np.array([0.475, -0.675, -0.55])


def pose_skeleton(channels: np.ndarray, body: Proportions, heading: float) -> dict[str, np.ndarray]:
    """Places every point of the skeleton.

    Args:
        channels: `[frames, len(CHANNELS)]`, see `CHANNELS`.
        body: the proportions.
        heading: how far the whole puppet is turned about the vertical, in radians; 0 faces the
            viewer.

    Returns:
        Points in body space, float64 `[frames, 3]` each: every joint of `JOINT_NAMES` (`head` is
        the tip of the nose); besides them `neck`, `chin`, `skull`, `brow`, `crown`, `peak` (of a
        hat), `mouth`, `hem` (of a skirt), `left_eye`, `left_hip`, `left_toe`, `left_palm` and the
        same four on the right; and two unit vectors, `across` from the right shoulder to the left
        one, and `spine` from the pelvis to the neck.
    """
    values = dict(zip(CHANNELS, np.asarray(channels, np.float64).T))
    feet = {side: _foot(values, body, side, sign) for side, sign in _SIDES}
    points = _trunk(values, body, _pelvis(values, body, feet))
    for side, sign in _SIDES:
        points.update(_leg(points["pelvis"], feet[side], body, side, sign))
        points.update(_arm(values, points, body, side, sign))
    sine, cosine = np.sin(heading), np.cos(heading)
    yaw = np.array([[cosine, 0.0, -sine], [0.0, 1.0, 0.0], [sine, 0.0, cosine]])
    return {name: point @ yaw for name, point in points.items()}


def _foot(values: dict[str, np.ndarray], body: Proportions, side: str, sign: float) -> np.ndarray:
    leg = body.thigh + body.shin
    x, y, z = (values[f"{side}_foot_{axis}"] for axis in "xyz")
    height = body.ankle + leg * (y + values["jump"])
    return np.stack([sign * (body.hips + leg * x), height, leg * z], axis=1)


def _pelvis(
    values: dict[str, np.ndarray], body: Proportions, feet: dict[str, np.ndarray]
) -> np.ndarray:
    """The pelvis at the height that `drop` asks for.

    It is measured from what the shorter of both legs allows, or a planted foot would leave the
    floor.
    """
    leg = body.thigh + body.shin
    x = body.hips * values["sway"]
    allowed = []
    for side, sign in _SIDES:
        foot = feet[side]
        square = (0.995 * leg) ** 2 - (foot[:, 0] - x - sign * body.hips) ** 2 - foot[:, 2] ** 2
        allowed.append(foot[:, 1] + np.sqrt(np.maximum(square, 0.09 * leg**2)))
    air = leg * values["jump"]
    height = air + (1.0 - values["drop"]) * (np.minimum(*allowed) - air)
    return np.stack([x, height, np.zeros_like(x)], axis=1)


def _trunk(
    values: dict[str, np.ndarray], body: Proportions, pelvis: np.ndarray
) -> dict[str, np.ndarray]:
    """Pelvis, spine and head."""
    roll, pitch, twist = values["roll"], values["pitch"], values["twist"]
    zero = np.zeros_like(roll)
    spine = np.stack(
        [np.sin(roll), np.cos(roll) * np.cos(pitch), np.cos(roll) * np.sin(pitch)], axis=1
    )
    across = np.stack([np.cos(twist), zero, -np.sin(twist)], axis=1)
    across = _unit(across - spine * np.sum(across * spine, axis=1, keepdims=True))
    front = np.cross(across, spine)
    neck = pelvis + body.torso * spine
    up = _unit(spine + np.tan(values["tilt"])[:, None] * across)
    turn = values["turn"][:, None]
    gaze = np.cos(turn) * front + np.sin(turn) * across
    cheek = np.cross(up, gaze)
    chin = neck + body.neck * up
    skull = chin + body.head * up
    return {
        "pelvis": pelvis,
        "hem": pelvis - np.array([0.0, 0.55 * body.thigh, 0.0]),
        "neck": neck,
        "across": across,
        "spine": spine,
        "chin": chin,
        "skull": skull,
        "brow": skull + 0.5 * body.head * up,
        "crown": skull + body.head * up,
        "peak": skull + 1.6 * body.head * up,
        "head": skull + body.head * (0.6 * gaze - 0.1 * up),
        "left_eye": skull + body.head * (0.65 * gaze + 0.4 * cheek + 0.4 * up),
        "right_eye": skull + body.head * (0.65 * gaze - 0.4 * cheek + 0.4 * up),
        "mouth": skull + body.head * (0.65 * gaze - 0.64 * up),
    }


def _leg(
    pelvis: np.ndarray, foot: np.ndarray, body: Proportions, side: str, sign: float
) -> dict[str, np.ndarray]:
    hip = pelvis + np.array([sign * body.hips, 0.0, 0.0])
    outwards = np.broadcast_to(np.array([0.75 * sign, 0.0, 1.0]), hip.shape)
    knee, foot = _bend(hip, foot, body.thigh, body.shin, outwards)
    toe = foot + body.foot * np.array([0.6 * sign, -0.35, 0.8])
    return {f"{side}_hip": hip, f"{side}_knee": knee, f"{side}_foot": foot, f"{side}_toe": toe}


def _arm(
    values: dict[str, np.ndarray],
    points: dict[str, np.ndarray],
    body: Proportions,
    side: str,
    sign: float,
) -> dict[str, np.ndarray]:
    across, spine = points["across"], points["spine"]
    # Rows: the body's own axes outwards, up and forward.
    axes = np.stack([sign * across, spine, np.cross(across, spine)], axis=1)
    reach = np.stack([values[f"{side}_hand_{axis}"] for axis in "xyz"], axis=1)
    reach = _bounded(reach)
    offset = (body.upper_arm + body.forearm) * np.einsum("fi,fij->fj", reach, axes)
    pole = np.einsum("fi,fij->fj", _elbow_pole(reach), axes)
    shoulder = points["neck"] + sign * body.shoulders * across - 0.03 * spine
    elbow, hand = _bend(shoulder, shoulder + offset, body.upper_arm, body.forearm, pole)
    return {
        f"{side}_shoulder": shoulder,
        f"{side}_elbow": elbow,
        f"{side}_hand": hand,
        f"{side}_palm": hand + 0.03 * _unit(hand - elbow),
    }


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _bounded(reach: np.ndarray) -> np.ndarray:
    """Shortens vectors softly to a length below one.

    An arm that became quite straight, or were stopped there, would make its elbow snap.
    """
    length = np.linalg.norm(reach, axis=1, keepdims=True)
    excess = _SOFTNESS * np.logaddexp(0.0, (length - _MAX_REACH) / _SOFTNESS)
    return reach * (length - excess) / np.maximum(length, 1e-6)


def _elbow_pole(reach: np.ndarray) -> np.ndarray:
    """Where an elbow bends to: the rest direction, carried along as the hand leaves its rest.

    The shortest rotation between two directions is smooth except at opposite ones, and no hand
    goes far behind the back; one fixed direction would make the elbow flip whenever the hand
    passes it.
    """
    direction = reach / np.maximum(np.linalg.norm(reach, axis=1, keepdims=True), 1e-6)
    share = (direction @ _REST_ELBOW) / np.maximum(1.0 + direction @ _REST_REACH, 0.05)
    return _REST_ELBOW - share[:, None] * (_REST_REACH + direction)


def _bend(
    root: np.ndarray, target: np.ndarray, upper: float, lower: float, pole: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Two-bone inverse kinematics: the middle joint and the end joint, `[frames, 3]` each.

    The middle joint bends towards `pole`; the end joint comes as near to the target as it can.
    """
    offset = target - root
    distance = np.linalg.norm(offset, axis=1, keepdims=True)
    direction = offset / np.maximum(distance, 1e-6)
    distance = np.clip(distance, 1.05 * abs(upper - lower) + 0.25 * upper, 0.998 * (upper + lower))
    side = _unit(pole - direction * np.sum(pole * direction, axis=1, keepdims=True))
    along = (upper**2 - lower**2 + distance**2) / (2.0 * distance)
    height = np.sqrt(np.maximum(upper**2 - along**2, 0.0))
    return root + along * direction + height * side, root + distance * direction
