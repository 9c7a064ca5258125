"""What docs/alerts.md tells receivers to do fits what the webhook sends."""

from datetime import timedelta

import httpx
import pytest

from alerts.channels import WebhookChannel
from docs.examples.receiver import is_from_muster, is_new
from tests.alerts.conftest import AT, Receiver, client, receiver, worded  # noqa: F401 - fixtures

SECRET = "made up for this test"  # noqa: S105 - it opens nothing


def test_a_receiver_knows_its_messages_and_takes_each_once(
    receiver: Receiver,  # noqa: F811
    client: httpx.Client,  # noqa: F811
    worded: object,  # noqa: F811
) -> None:
    assert callable(worded)
    channel, told = WebhookChannel(client, f"{receiver.url}/hook", SECRET), worded()
    for after in (timedelta(0), timedelta(hours=1)):
        channel.send(told, AT + after)
    taken: set[str] = set()
    assert [is_new(taken, headers) for _, headers, _ in receiver.taken] == [True, False]
    _, headers, body = receiver.taken[0]
    now = AT.timestamp() + 2
    assert is_from_muster(SECRET, headers, body, now)
    assert not is_from_muster(SECRET, headers, body + b" ", now)
    assert not is_from_muster("another", headers, body, now)
    assert not is_from_muster(SECRET, headers, body, now + 3600)
    assert not is_from_muster(SECRET, headers, body)


@pytest.mark.parametrize("written", ["routes:", "[channels.on-call]"])
def test_the_examples_of_the_page_are_read_as_they_stand(written: str) -> None:
    import re
    import tomllib

    import yaml

    from docs.embed import CHECKOUT
    from policies.schema import TeamFile
    from registry.channels import read_channels

    page = (CHECKOUT / "docs" / "alerts.md").read_text()
    (block,) = (text for text in re.findall(r"```\w+\n(.*?)```", page, re.DOTALL) if written in text)
    if written == "routes:":
        assert TeamFile.model_validate(yaml.safe_load(block)).team == "pricing"
    else:
        assert [each.name for each in read_channels(tomllib.loads(block)["channels"])] == [
            "pricing",
            "on-call",
        ]
