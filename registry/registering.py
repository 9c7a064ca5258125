"""A model's folder becomes a version: how, in the model registry's terms. Its client is passed in."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from profiles.effects import effect
from registry.canonical import canonical_json
from registry.model_registry import AttachedBaseline, NewVersion

TOLD = "muster.lineage."
_LONGEST_TAG = 500
_READY = "READY"

Attach = Callable[[str, AttachedBaseline], None]


def new_version(client: Any, experiment: str, new: NewVersion, attach: Attach, recipe_tag: str) -> Any:
    """Register a folder in MLflow's format with its baselines and lineage, and return the client's entity.

    The version appears last, complete: a crash leaves a run and a model that nobody refers to.
    """
    with effect("mlflow log model"):
        run = client.create_run(experiment, run_name=f"{new.name} retrained")
        logged = client.create_logged_model(experiment, name="model", source_run_id=run.info.run_id)
        _named(Path(new.model), logged.model_id, run.info.run_id)
        client.log_model_artifacts(logged.model_id, str(new.model))
        client.finalize_logged_model(logged.model_id, _READY)
        for name, value in new.scores.items():
            client.log_metric(run.info.run_id, name.replace("@", "_at_"), value)
        client.log_dict(run.info.run_id, dict(new.lineage), "muster/lineage.json")
        for baseline in new.baselines:
            attach(run.info.run_id, baseline)
        client.set_terminated(run.info.run_id)
    with effect("mlflow create version"):
        if not client.search_registered_models(f"name = '{new.name}'"):
            client.create_registered_model(new.name)
        tags = {recipe_tag: new.recipe, **{f"{TOLD}{name}": _tag(v) for name, v in new.lineage.items()}}
        return client.create_model_version(
            new.name,
            f"models:/{logged.model_id}",
            run.info.run_id,
            tags=tags,
            model_id=logged.model_id,
        )


def _named(folder: Path, model_id: str, run_id: str) -> None:
    """Write into the model's own file which model and run it belongs to, as MLflow does when it logs one."""
    import yaml

    file = folder / "MLmodel"
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    said |= {"model_id": model_id, "run_id": run_id}
    file.write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")


def _tag(value: Any) -> str:
    text = value if isinstance(value, str) else canonical_json(json.loads(json.dumps(value)))
    return text if len(text) <= _LONGEST_TAG else f"{text[: _LONGEST_TAG - 3]}..."
