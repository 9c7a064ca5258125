"""How well a beginning is guessed."""

from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import Measure, Target


def roles_right_share(*, sets: int = 5) -> list[float]:
    """The share of the roles that `muster init` finds, over all of the first `sets` strangers."""
    import yaml

    from bench.strangers import roles_right, strangers
    from flows.begin import Place, infer

    with TemporaryDirectory() as folder:
        root = Path(folder)
        right = asked = 0
        for each in strangers(root, sets):
            labels = None if each.labels is None else Place.of(each.labels, root)
            inferred = infer(f"team.{each.name}", Place.of(each.traffic, root), labels, root)
            right += roles_right(each, yaml.safe_load(inferred.draft.text(["A sample."])))[0]
            asked += len(each.roles)
    return [right / asked]


MEASURES = (
    Measure(
        key="init_roles_right",
        unit="share",
        meaning="Share of the policy keys (task, columns of traffic and of labels, columns to ignore) that "
        "`muster init` infers as a person would write them, over five bundled sets with made-up times and "
        "ids and with renamed columns. The rules were written with these five in view, so other data will "
        "give less.",
        take=roles_right_share,
        tiny={"sets": 2},
        target=Target("at least", 0.95),
    ),
)
