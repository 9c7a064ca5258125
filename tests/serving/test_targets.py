"""Each target is told an assignment in its own way, and says clearly when it did not take it."""

import hashlib
import hmac
import json
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from policies.target import Target
from profiles.errors import RegistryUnavailable
from registry.model_registry import ServedVersion
from serving.probe import probed
from serving.target_alias import AliasTarget
from serving.target_command import CommandTarget
from serving.target_webhook import WebhookTarget
from serving.targets import NotCarriedOut, Order, refused, targets
from tests.fakes import START, FakeVersions, policy

ORDER = Order(
    "shop.prices", "prices", 7, "shop.prices: carry out revision 7", "1", "2", None, None, 0.0, "worse"
)


class Registry(FakeVersions):
    """A registry whose aliases can be moved, or that is dead."""

    dead = False

    def served(self, name: str, alias: str) -> ServedVersion | None:
        if self.dead:
            raise RegistryUnavailable("the model registry did not answer")
        return super().served(name, alias)

    def point(self, name: str, alias: str, version: str) -> None:
        self.aliases[name, alias] = version


def test_an_alias_is_moved_once() -> None:
    registry = Registry({("prices", "live"): "2"})
    target = AliasTarget(registry, "live")
    assert target.carry_out(ORDER, START) == "the alias live was pointed at version 1"
    assert registry.aliases["prices", "live"] == "1"
    assert target.carry_out(ORDER, START) == "the alias live names version 1 already"


def test_a_dead_registry_did_not_carry_it_out() -> None:
    registry = Registry()
    registry.dead = True
    with pytest.raises(NotCarriedOut, match="did not answer"):
        AliasTarget(registry, "live").carry_out(ORDER, START)


def test_a_command_is_told_on_its_input_and_by_variables(tmp_path: Path) -> None:
    script, heard = tmp_path / "tell.py", tmp_path / "heard.json"
    script.write_text(
        "import json, os, sys\n"
        f"json.dump([json.load(sys.stdin), os.environ['ROLLOUT_CHAMPION'], "
        f"'ROLLOUT_CHALLENGER' in os.environ], open({str(heard)!r}, 'w'))\n"
    )
    said = CommandTarget(f"{sys.executable} {script}", {}).carry_out(ORDER, START)
    assert "version 1 answers" in said
    told, champion, contends = json.loads(heard.read_text())
    assert (told, champion, contends) == (ORDER.plain, "1", False)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (f"{sys.executable} -c 'import sys; sys.exit(\"no room\")'", "ended with 1: no room"),
        (f"{sys.executable} -c 'raise SystemExit(3)'", "ended with 3: it said nothing"),
        ("no-such-command-anywhere", "could not be started"),
        ("'unclosed", "could not be started"),
        (f"{sys.executable} -c 'import time; time.sleep(60)'", "did not end within"),
    ],
)
def test_a_command_that_fails_says_how(command: str, said: str) -> None:
    with pytest.raises(NotCarriedOut, match=said):
        CommandTarget(command, {}, patience=timedelta(seconds=1)).carry_out(ORDER, START)


def webhook(answer: Any, **environ: str) -> tuple[WebhookTarget, list[httpx.Request]]:
    heard: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        heard.append(request)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer)

    given = {"URL": "https://cd.example/s3cret", "KEY": "hush", **environ}
    return WebhookTarget("env:URL", "env:KEY", given, httpx.MockTransport(take)), heard


def test_a_webhook_is_signed_and_carries_the_orders_key() -> None:
    target, (heard) = webhook(202)
    target.carry_out(ORDER, START)
    (request,) = heard
    stamp = request.headers["Muster-Timestamp"]
    expected = hmac.new(b"hush", f"{stamp}.".encode() + request.content, hashlib.sha256).hexdigest()
    assert request.headers["Muster-Signature"] == f"v1={expected}"
    assert request.headers["Idempotency-Key"] == ORDER.key
    assert json.loads(request.content) == ORDER.plain


@pytest.mark.parametrize(
    ("answer", "said"),
    [(500, "answered 500"), (302, "answered 302"), (httpx.ConnectError("s3cret"), "ConnectError")],
)
def test_a_webhook_that_fails_names_its_reference_and_never_its_address(answer: Any, said: str) -> None:
    target, _ = webhook(answer)
    with pytest.raises(NotCarriedOut, match=said) as told:
        target.carry_out(ORDER, START)
    assert "env:URL" in str(told.value)
    assert "s3cret" not in str(told.value)


def test_a_secret_that_is_not_set_is_named() -> None:
    target, heard = webhook(200, KEY="")
    with pytest.raises(NotCarriedOut, match="env:KEY is not set"):
        target.carry_out(ORDER, START)
    assert heard == []


@pytest.mark.parametrize(
    ("status", "body", "version"),
    [
        (200, "7\n", "7"),
        (200, '{"version": 7}', "7"),
        (200, '{"version": null}', None),
        (200, "v7-blue", "v7-blue"),
        (200, "", None),
        (503, '{"version": "7"}', None),
    ],
)
def test_a_probe_reads_text_or_json(status: int, body: str, version: str | None) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, text=body))
    assert probed("http://shop/version", transport) == version


def test_a_probe_that_nobody_answers_saw_nothing() -> None:
    def dead(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("dead")

    assert probed("http://shop/version", httpx.MockTransport(dead)) is None


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (Target(), AliasTarget),
        (Target("command", "true"), CommandTarget),
        (Target("webhook", "env:A", "env:B"), WebhookTarget),
    ],
)
def test_the_policy_chooses_the_target(target: Target, kind: type) -> None:
    opened = targets(Registry(), {})(policy(target=target))
    assert isinstance(opened, kind)
    assert opened.can.roll_back


@pytest.mark.parametrize(
    ("target", "splits"),
    [
        (Target("mlflow_alias", "live"), False),
        (Target("command", "true"), False),
        (Target("command", "true", splits=True), True),
        (Target("webhook", "env:A", "env:B", splits=True), True),
    ],
)
def test_a_target_splits_where_its_policy_says_so(target: Target, splits: bool) -> None:
    assert targets(Registry(), {})(policy(target=target)).can.split is splits


def test_a_canary_is_told_with_its_share_and_the_salt_that_all_its_steps_have(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    steps = [replace(ORDER, challenger="3", challenger_role="canary", weight=share) for share in (0.1, 0.5)]
    command = CommandTarget(f"sh -c 'cat > {heard}; echo $ROLLOUT_SHARE $ROLLOUT_SALT >> {heard}.env'", {})
    said = [command.carry_out(step, START) for step in steps]
    told = json.loads(heard.read_text())
    assert (told["champion"], told["challenger"], told["share"], told["salt"]) == (
        "1",
        "3",
        0.5,
        "shop.prices:3",
    )
    assert (tmp_path / "heard.env").read_text().split() == ["0.1", "shop.prices:3", "0.5", "shop.prices:3"]
    assert said[0] == "the command was told that version 1 answers, and version 3 10 % of the requests"


@pytest.mark.parametrize(
    ("authority", "target", "is_refused"),
    [
        ("external", Target(), True),
        ("muster", Target(), False),
        ("external", Target("command", "deliver"), False),
        ("external", Target("webhook", "env:A", "env:B"), False),
    ],
)
def test_an_alias_that_somebody_else_moves_is_left_alone(
    authority: str, target: Target, is_refused: bool
) -> None:
    assert (refused(policy(authority=authority, target=target)) is not None) is is_refused
