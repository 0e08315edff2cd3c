"""The output as a whole: what it is meant to hold, and the index and manifest of what it holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from maskanim_tf.data.prepare.plan import PrepareConfig, ShardJob, clips_digest
from maskanim_tf.data.prepare.shard_maker import read_sidecar
from maskanim_tf.data.shards.shard_clips import INDEX, MANIFEST
from maskanim_tf.data.shards.shard_index import FORMAT_VERSION, ShardIndex
from maskanim_tf.keys import SPLITS
from maskanim_tf.storage.locations import (
    exists,
    file_digest,
    join,
    list_folder,
    read_file,
    remove,
    whole_file,
)

CONFIGURATION = "configuration.json"
# The index of a shard, and what was noted with it.
Sidecar = tuple[ShardIndex, dict[str, Any]]


def claim_output(config: PrepareConfig, jobs: Sequence[ShardJob]) -> None:
    """Notes what the output is to hold, before anything else is there.

    Raises ValueError if that is something else than what it holds.
    """
    wanted = {
        "version": FORMAT_VERSION,
        "options": config.decisive(),
        "clips": {
            split: clips_digest([part for job in jobs if job.split == split for part in job.parts])
            for split in SPLITS
        },
    }
    path = join(config.output, CONFIGURATION)
    if exists(path):
        difference = _difference(read_file(path), wanted)
        if not difference:
            return
        if not config.overwrite:
            raise ValueError(
                f"{config.output} holds data prepared otherwise: {difference}; choose another "
                "--output, or replace it with --overwrite"
            )
        _clear(config.output)
    with whole_file(path) as partial:
        partial.write_text(json.dumps(wanted, indent=2) + "\n")


def finish_output(
    config: PrepareConfig, jobs: Sequence[ShardJob], *, check_content: bool = False
) -> dict[str, Any]:
    """Writes the index of each split from the sidecars, then the manifest, and returns it.

    Args:
      config: the options of the preparation.
      jobs: all shards that must be there.
      check_content: compares every shard with the checksum that its maker noted.

    Raises:
      ValueError: no clip is left.
      RuntimeError: shards are missing, or are not what their makers noted.
      OSError: the output cannot be written.
    """
    sidecars = _read_sidecars(config, jobs)
    if check_content:
        _check_content(config, jobs, sidecars)
    splits = {}
    for split in SPLITS:
        own = [(job, sidecar) for job, sidecar in zip(jobs, sidecars) if job.split == split]
        if own:
            _sweep(join(config.output, split))
            splits[split] = _finish_split(config, split, own)
    if not any(summary["clips"] for summary in splits.values()):
        raise ValueError(
            f"no clip of {config.input} is left: all are static, broken or have no box; lower "
            "--drop_static, or see the warnings"
        )
    manifest = {
        "version": FORMAT_VERSION,
        "image_size": config.image_size,
        "encoding": config.encoding,
        "options": config.to_dict(),
        "splits": splits,
    }
    with whole_file(join(config.output, MANIFEST)) as path:
        path.write_text(json.dumps(manifest, indent=2) + "\n")
    return manifest


def _difference(content: bytes, wanted: dict[str, Any]) -> str:
    try:
        found = json.loads(content)
        if found == wanted:
            return ""
        for name, value in wanted["options"].items():
            if found["options"].get(name) != value:
                return f"{name} was {found['options'].get(name)}, now it is {value}"
        changed = [split for split in SPLITS if found["clips"].get(split) != wanted["clips"][split]]
        return f"the clips of {changed[0]} have changed" if changed else "by another release"
    except (ValueError, TypeError, KeyError, AttributeError):
        return f"{CONFIGURATION} is damaged"


def _clear(output: str) -> None:
    """Removes a prepared data set, first what makes it readable; other files stay."""
    remove(join(output, MANIFEST))
    for split in SPLITS:
        for name in list_folder(join(output, split)):
            if name == INDEX or (name.startswith("shard-") and "-of-" in name):
                remove(join(output, split, name))


def _sweep(folder: str) -> None:
    """Removes what a killed run was writing to."""
    for name in list_folder(folder):
        if name.startswith(".shard-") and ".partial" in name:
            remove(join(folder, name))


def _read_sidecars(config: PrepareConfig, jobs: Sequence[ShardJob]) -> list[Sidecar]:
    found = [(job, read_sidecar(job, config)) for job in jobs]
    missing = [job for job, sidecar in found if sidecar is None]
    if missing:
        raise RuntimeError(
            f"{len(missing)} of {len(jobs)} shards were not made, the first is "
            f"{join(config.output, missing[0].split, missing[0].file)}; run again to make them. "
            "Workers on other machines must see input and output under the same paths"
        )
    return [sidecar for _, sidecar in found if sidecar is not None]


def _check_content(
    config: PrepareConfig, jobs: Sequence[ShardJob], sidecars: Sequence[Sidecar]
) -> None:
    """What is wrong is made again by the next run: two workers may have written one shard."""
    wrong = []
    for job, (_, about) in zip(jobs, sidecars):
        path = join(config.output, job.split, job.file)
        if file_digest(path, about["bytes"]) != about["sha256"]:
            wrong.append(path)
            remove(join(config.output, job.split, job.sidecar))
    if wrong:
        remove(join(config.output, MANIFEST))
        raise RuntimeError(
            f"{len(wrong)} of {len(jobs)} shards are not what their makers noted, the first is "
            f"{wrong[0]}; run again to make them anew. All workers need the same versions of "
            "packages"
        )


def _finish_split(
    config: PrepareConfig, split: str, made: Sequence[tuple[ShardJob, Sidecar]]
) -> dict[str, Any]:
    shards = [
        {
            "file": job.file,
            "clips": len(index.names),
            "frames": len(index.offset),
            "bytes": about["bytes"],
            "sha256": about["sha256"],
        }
        for job, (index, about) in made
    ]
    notes = [about for _, (_, about) in made]
    content = ShardIndex.concatenate([index for _, (index, _) in made]).to_bytes()
    with whole_file(join(config.output, split, INDEX)) as path:
        path.write_bytes(content)
    return {
        "clips": sum(shard["clips"] for shard in shards),
        "frames": sum(shard["frames"] for shard in shards),
        "index_sha256": hashlib.sha256(content).hexdigest(),
        "shards": shards,
        "skipped": [
            {"clip": name, "reason": reason} for about in notes for name, reason in about["skipped"]
        ],
        "static": [name for about in notes for name in about["static"]],
    }
