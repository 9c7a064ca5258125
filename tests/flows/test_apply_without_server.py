from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flows.embedded import environment
from profiles.errors import OrchestratorUnavailable

SETTINGS: Any = SimpleNamespace(prefect_home=Path("state") / "prefect")


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.apply import plan
    from flows.orchestrator import orchestrator

    # Port 9 (discard) is closed everywhere.
    with (
        temporary_settings({PREFECT_API_URL: "http://user:secret@127.0.0.1:9/api"}),
        orchestrator() as client,
        pytest.raises(
            OrchestratorUnavailable, match=r"No Prefect server answers at http://127\.0\.0\.1:9 "
        ) as told,
    ):
        plan([], client, instance="any")
    assert "secret" not in str(told.value)


def test_a_missing_address_is_an_error_where_no_temporary_server_is_allowed() -> None:
    from prefect.settings import PREFECT_API_URL, PREFECT_SERVER_EPHEMERAL_ENABLED, temporary_settings

    from flows.orchestrator import orchestrator

    chosen = {PREFECT_API_URL: None, PREFECT_SERVER_EPHEMERAL_ENABLED: False}
    with (
        temporary_settings(chosen),
        pytest.raises(OrchestratorUnavailable, match="Set PREFECT_API_URL"),
        orchestrator(),
    ):
        pass


def test_embedded_mode_keeps_prefect_under_the_state_directory_and_sends_nothing_out() -> None:
    assert environment(SETTINGS, {}) == {
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(SETTINGS.prefect_home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    }


@pytest.mark.parametrize(
    ("name", "kept_out"),
    [
        ("PREFECT_HOME", "PREFECT_HOME"),
        ("PREFECT_PROFILE", "PREFECT_HOME"),
        ("PREFECT_API_URL", "PREFECT_HOME"),
        ("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "PREFECT_SERVER_EPHEMERAL_ENABLED"),
        ("DO_NOT_TRACK", "DO_NOT_TRACK"),
        ("PREFECT_LOGGING_LEVEL", "PREFECT_LOGGING_LEVEL"),
    ],
)
def test_what_a_person_has_set_is_left_alone(name: str, kept_out: str) -> None:
    added = environment(SETTINGS, {name: "theirs"}, quiet=True)
    assert kept_out not in added
    assert name not in added


def test_only_a_one_shot_command_is_quiet() -> None:
    added = set(environment(SETTINGS, {}, quiet=True)) - set(environment(SETTINGS, {}))
    assert added == {"PREFECT_LOGGING_LEVEL", "PREFECT_SERVER_LOGGING_LEVEL"}


def test_every_variable_is_one_that_prefect_knows() -> None:
    import prefect.settings

    for name in environment(SETTINGS, {}, quiet=True):
        assert name == "DO_NOT_TRACK" or hasattr(prefect.settings, name), name


def test_one_shot_flows_have_no_heartbeat_inside_and_have_one_again_outside() -> None:
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY

    from flows.embedded import one_shot

    before = PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value()
    with one_shot():
        assert PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value() is None
    assert before is not None
    assert PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value() == before
