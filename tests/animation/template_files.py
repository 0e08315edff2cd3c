"""Templates for tests, right and wrong ones."""

import numpy as np

from maskanim_tf import template
from tests.animators import scrambled_animator, write_checkpoint


def rewritten(path, target, **changes):
    """A copy of a template with other arrays; None leaves one out."""
    with np.load(path) as archive:
        arrays = {**archive, **changes}
    np.savez(target, **{key: value for key, value in arrays.items() if value is not None})
    return target


def write_templates(folder, checkpoint, codes, **options):
    """`own.npz` of a driver, `other.npz` by other weights, `lively.npz` of masks by these codes."""
    other = write_checkpoint(folder / "weights.npz", scrambled_animator(seed=5))
    for name, weights in (("own", checkpoint), ("other", other)):
        template.main(
            template.TemplateOptions(
                output=str(folder / f"{name}.npz"),
                checkpoint=weights,
                precision="float32",
                **options,
            )
        )
    rewritten(folder / "own.npz", folder / "lively.npz", codes=codes)
    return folder
