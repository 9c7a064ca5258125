"""Channels in the settings: what each kind needs, and that secrets are references."""

import json
from pathlib import Path

import pytest

from profiles.errors import SettingsInvalid
from registry.channels import ChannelSetting
from registry.settings import as_environment, load_settings

SLACK = '[channels.chat]\nkind = "slack"\nurl = "env:CHAT"\n'
HOOK = '[channels.hook]\nkind = "webhook"\nurl = "https://a.example/b"\nsecret = "block:hook"\n'


def test_channels_are_read_from_the_file_and_from_the_variable(tmp_path: Path) -> None:
    (tmp_path / "muster.toml").write_text(SLACK + HOOK)
    expected = (
        ChannelSetting("chat", "slack", "env:CHAT"),
        ChannelSetting("hook", "webhook", "https://a.example/b", "block:hook"),
    )
    settings = load_settings({}, tmp_path)
    assert settings.channels == expected
    assert settings.channel_names == {"console", "chat", "hook"}
    written = {"chat": {"kind": "slack", "url": "env:CHAT"}}
    assert load_settings({"MUSTER_CHANNELS": json.dumps(written)}, tmp_path).channels == expected[:1]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('channels = ["chat"]\n', "has to be a table such as"),
        ("channels = 'chat'\n", "has to be a table such as"),
        ("[channels.Chat]\nkind = 'slack'\n", "has a channel 'Chat'; use lower-case"),
        ("[channels.console]\nkind = 'slack'\n", "console is there without being defined"),
        ("[channels.chat]\nurl = 'env:A'\n", "chat needs a kind: console, slack, webhook"),
        ("[channels]\nchat = 'slack'\n", "chat needs a kind"),
        ("[channels.chat]\nkind = 'slack'\n", "chat needs url; a slack channel has kind, url"),
        (SLACK + "secret = 'env:A'\n", "chat has an unknown key 'secret'; a slack channel has kind, url"),
        (SLACK.replace("env:CHAT", "https://hooks.example/T0/s3cret"), "chat has a url that is no reference"),
        (HOOK.replace("block:hook", "s3cret"), "hook has a secret that is no reference"),
        (HOOK.replace("https:", "ftp:"), "hook has a url that is no reference"),
    ],
)
def test_faults_of_channels_are_told_and_repeat_no_secret(written: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "muster.toml").write_text(written)
    with pytest.raises(SettingsInvalid, match=told) as raised:
        load_settings({}, tmp_path)
    assert "s3cret" not in str(raised.value)


def test_a_worker_is_given_the_channels_as_they_were_defined(tmp_path: Path) -> None:
    (tmp_path / "muster.toml").write_text(
        '[channels.on-call]\nkind = "webhook"\nurl = "https://pager.example.com"\nsecret = "env:SECRET"\n'
    )
    settings = load_settings({}, tmp_path)
    assert load_settings(as_environment(settings), tmp_path / "elsewhere").channels == settings.channels
