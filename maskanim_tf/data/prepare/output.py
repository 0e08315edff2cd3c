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
from maskanim_tf.storage.locations import exists, join, list_folder, read_file, remove, whole_file

CONFIGURATION = "configuration.json"


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


def finish_output(config: PrepareConfig, jobs: Sequence[ShardJob]) -> dict[str, Any]:
    """Writes the index of each split from the sidecars, then the manifest, and returns it.

    Raises:
      ValueError: no clip is left.
      RuntimeError: a shard is missing.
      OSError: the output cannot be written.
    """
    splits = {}
    for split in SPLITS:
        own = [job for job in jobs if job.split == split]
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


def _finish_split(config: PrepareConfig, split: str, jobs: Sequence[ShardJob]) -> dict[str, Any]:
    parts = []
    shards = []
    skipped = []
    static = []
    for job in jobs:
        sidecar = read_sidecar(job, config)
        if sidecar is None:
            raise RuntimeError(f"{join(config.output, split, job.file)} was not made; run again")
        index, about = sidecar
        parts.append(index)
        shards.append(
            {
                "file": job.file,
                "clips": len(index.names),
                "frames": len(index.offset),
                "bytes": about["bytes"],
                "sha256": about["sha256"],
            }
        )
        skipped += [{"clip": name, "reason": reason} for name, reason in about["skipped"]]
        static += about["static"]
    content = ShardIndex.concatenate(parts).to_bytes()
    with whole_file(join(config.output, split, INDEX)) as path:
        path.write_bytes(content)
    return {
        "clips": sum(shard["clips"] for shard in shards),
        "frames": sum(shard["frames"] for shard in shards),
        "index_sha256": hashlib.sha256(content).hexdigest(),
        "shards": shards,
        "skipped": skipped,
        "static": static,
    }
