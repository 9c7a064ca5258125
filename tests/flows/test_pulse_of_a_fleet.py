"""The flow itself, on a real server: one model's fault fails its own task and nothing else."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_LOGGING_TO_API_ENABLED, temporary_settings

from flows.run import world_of
from profiles.see import last_seen
from registry.ledger import Ledger
from tests.console.conftest import POLICY, entered  # noqa: F401 - fixture

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("prefect")]


@pytest.fixture
def folder(tmp_path: Path, entered: Callable[[Path], None]) -> Iterator[Path]:  # noqa: F811
    """Settings, and the policies of three models that have no traffic at all."""
    (tmp_path / "policies" / "shop").mkdir(parents=True)
    (tmp_path / "muster.toml").write_text('state = "state"\npolicies = ["policies"]\n')
    for model in ("shop.a", "shop.b", "shop.c"):
        path = tmp_path / "policies" / f"{model.replace('.', '/')}.yaml"
        path.write_text(POLICY.format(model=model))
    entered(tmp_path)
    world_of.cache_clear()
    with temporary_settings({PREFECT_LOGGING_TO_API_ENABLED: False}):
        yield tmp_path
    world_of.cache_clear()


def test_one_models_fault_keeps_no_other_from_its_pulse(
    prefect_client: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import pulse

    look = last_seen

    def crashing(sight: Any, *span: Any) -> Any:
        if sight.salt == "shop.b":
            raise ZeroDivisionError
        return look(sight, *span)

    monkeypatch.setattr(pulse, "last_seen", crashing)
    state = pulse.pulse_fleet(return_state=True)
    assert state.is_failed()
    assert "3 models looked at, 1 faults; first: shop.b" in str(state.message)
    with Ledger.open(f"sqlite:///{folder / 'state' / 'ledger.db'}") as ledger:
        unread = {model: ledger.unreadable_since(model) for model in ("shop.a", "shop.b", "shop.c")}
        assert unread["shop.b"] is None
        assert unread["shop.a"] is not None
        assert unread["shop.a"] == unread["shop.c"]
        assert ledger.incidents() == ()
        recorded = ledger.current_policy("shop.a")
        assert recorded is not None
        assert recorded.recorded_at == unread["shop.a"]
