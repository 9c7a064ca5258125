import json

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from tests.console.conftest import MODEL, POLICY, Installation

BROKEN = POLICY.replace("cadence", "cadance").replace("regression", "regresion")


def test_policies_in_order_are_counted(bare: Installation) -> None:
    told = bare.run("policy", "check")
    assert (told.exit_code, told.output) == (0, "1 policy is in order\n")
    bare.write("shop.other")
    assert bare.run("policy", "check").output == "2 policies are in order\n"


def test_every_fault_is_named_with_its_line_and_the_nearest_key(bare: Installation) -> None:
    path = bare.write("shop.broken", BROKEN)
    told = bare.run("policy", "check")
    assert told.exit_code == 3
    here = str(path.relative_to(bare.folder))
    assert any(
        here in line and ":3: task" in line and "regression?" in line for line in told.output.splitlines()
    )
    assert "did you mean cadence?" in told.output
    assert told.output.endswith("1 policy is in order, 3 faults to mend\n")


def test_a_root_without_any_policy_is_not_called_in_order(bare: Installation) -> None:
    (bare.folder / "empty").mkdir()
    told = bare.run("policy", "check", "empty")
    assert told.exit_code == 3
    assert "no policy below empty" in told.output


def test_settings_without_roots_check_nothing_and_say_so(bare: Installation) -> None:
    (bare.folder / "muster.toml").write_text('state = "state"\n')
    for command in (("policy", "check"), ("policy", "show", MODEL), ("apply", "--plan"), ("render",)):
        told = bare.run(*command)
        assert told.exit_code == 1
        assert "name no policy roots" in told.stderr


def test_a_shown_policy_is_a_policy_file_that_says_everything(bare: Installation) -> None:
    shown = bare.run("policy", "show", MODEL)
    assert shown.exit_code == 0
    assert "minimum_rows: 80  # default" in shown.output
    path = bare.folder / "policies" / "shop" / "prices.yaml"
    path.write_text(shown.output)
    assert bare.run("policy", "check").exit_code == 0
    assert json.loads(bare.run("policy", "show", MODEL, "--json").output)["policy"] == yaml.safe_load(
        shown.output
    )


def test_only_the_faults_of_the_policy_that_is_asked_for_stand_in_the_way(bare: Installation) -> None:
    bare.write("shop.broken", BROKEN)
    assert bare.run("policy", "show", MODEL).exit_code == 0
    told = bare.run("policy", "show", "shop.broken")
    assert told.exit_code == 1
    assert "did you mean cadence?" in told.stderr
    assert "no model shop.other in the policies" in bare.run("policy", "show", "shop.other").stderr


@pytest.mark.parametrize(
    ("options", "instance"),
    [((), POLICY.format(model=MODEL)), (("--team",), "version: 1\nteam: shop\nowners: [a]\n")],
)
def test_the_schema_accepts_what_is_right_and_refuses_what_is_wrong(
    bare: Installation, options: tuple[str, ...], instance: str
) -> None:
    schema = json.loads(bare.run("policy", "schema", *options).output)
    jsonschema.validate(yaml.safe_load(instance), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(f"{instance}zzz: 1\n"), schema)
