"""`off` in place of the keys of a section."""

from typing import Any, Literal, TypeAlias

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from policies.written_types import Written

Off: TypeAlias = Literal["off"]


class Switch:
    """Accepts `off` in place of the keys of a section, without a second branch in error locations."""

    def __init__(self, section: type[Written]) -> None:
        self._section = section

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def off_or_keys(value: Any, keys: core_schema.ValidatorFunctionWrapHandler) -> Any:
            # YAML 1.1 reads a bare off as false; editors that read YAML 1.2 hand over the word.
            return "off" if value is False or value == "off" else keys(value)

        return core_schema.no_info_wrap_validator_function(
            off_or_keys, handler.generate_schema(self._section)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"enum": [False, "off"]}]}
