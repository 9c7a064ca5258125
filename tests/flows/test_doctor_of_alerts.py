"""What keeps alerts from reaching anybody is said beforehand, or at least afterwards."""

from datetime import timedelta
from pathlib import Path

from alerts.deliver import deliver
from flows.doctor_alerts import complaints
from policies.intents import Intent
from policies.load import Fleet
from policies.policy import Routes
from registry.ledger import Ledger
from registry.settings import load_settings
from tests.fakes import START, loaded, policy

CHAT = '[channels.chat]\nkind = "slack"\nurl = "env:CHAT"\n'
ALERT: dict[str, object] = {
    "model": "shop.prices",
    "team": "shop",
    "kind": "held",
    "severity": "high",
    "subject": "drift",
    "sentence": "so",
    "since": START.isoformat(),
    "doing": "nothing",
    "owners": [],
    "incident": None,
}


def test_routes_secrets_and_dead_letters_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "muster.toml").write_text(CHAT)
    settings = load_settings({}, tmp_path)
    watched = policy(routes=Routes(critical=("chat", "pager")))
    fleet = Fleet((loaded(watched),), ())
    route, variable = complaints(settings, fleet, {})
    assert "no channel 'pager' is defined in the settings" in route[0]
    assert variable[0] == "the channel chat needs the variable CHAT, which is not set here"
    with Ledger.open(settings.database_url) as ledger:
        ledger.record_policy(watched, "model: ...", START)
        told = Intent(watched.model, "tell pager: x", "send", "tell", {"channel": "pager", "alert": ALERT})
        ledger.record_intents([told], None, START)
        deliver(ledger, {}, lambda: START + timedelta(days=8), "one")
    _, letter = complaints(settings, fleet, {"CHAT": "https://chat.example/T0"})
    assert letter[0].startswith("nobody heard about shop.prices (tell pager: x): pager took it in none of 1")


def test_without_routes_and_channels_there_is_nothing_to_say(tmp_path: Path) -> None:
    assert list(complaints(load_settings({}, tmp_path), Fleet((loaded(policy()),), ()), {})) == []
