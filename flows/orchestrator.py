"""Reaching the Prefect server that the environment names, and saying clearly why it cannot be reached.

Importing this imports Prefect, which takes a second and reads the environment: embedded mode calls
`flows.embedded.configure` first.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import PrefectHTTPStatusError

from profiles.errors import OrchestratorUnavailable


@contextmanager
def orchestrator() -> Iterator[SyncPrefectClient]:
    """Yield a client of the Prefect server that the environment names.

    Its address is PREFECT_API_URL and its credentials are PREFECT_API_AUTH_STRING; without an address
    Prefect starts a temporary server where that is allowed. Raises OrchestratorUnavailable.
    """
    try:
        client = get_client(sync_client=True)
    except (ValueError, RuntimeError) as fault:
        raise OrchestratorUnavailable(
            f"No Prefect server to talk to: {fault} Set PREFECT_API_URL, such as"
            " http://127.0.0.1:4200/api, and start a server with `prefect server start`."
        ) from fault
    with client:
        yield client


@contextmanager
def explained() -> Iterator[None]:
    """Turn what goes wrong with the server into OrchestratorUnavailable with advice; also a decorator."""
    try:
        yield
    except PrefectHTTPStatusError as fault:
        server, status = _address(fault.request), fault.response.status_code
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise OrchestratorUnavailable(
                f"The Prefect server at {server} refused the credentials ({status}). Set"
                " PREFECT_API_AUTH_STRING to the `user:password` of the server's"
                " PREFECT_SERVER_API_AUTH_STRING, unset PREFECT_API_KEY, which would go before it, and check"
                " that PREFECT_API_URL ends in /api."
            ) from fault
        raise OrchestratorUnavailable(
            f"The Prefect server at {server} answered {fault.request.method} {fault.request.url.path}"
            f" with {status}: {fault.response.text[:500]}. Compare its version with this client's by"
            " `prefect version`, and see its log."
        ) from fault
    except httpx.TransportError as fault:
        raise OrchestratorUnavailable(
            f"No Prefect server answers at {_address(fault.request)} ({fault}). Start one with `prefect"
            " server start`, or set PREFECT_API_URL to the address of one that runs."
        ) from fault


def _address(request: httpx.Request) -> str:
    """Return where a request went, without the path and without any user and password."""
    url = request.url
    return f"{url.scheme}://{url.netloc.decode()}" if url.scheme else repr(str(url))
