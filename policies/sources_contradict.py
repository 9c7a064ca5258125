"""What is wrong with where a policy says that rows come from."""

import re
from collections.abc import Iterator

from policies.defaults import format_of
from policies.faults import Problem
from policies.schema import PolicyFile
from policies.written_sources import LabelsFile, TrafficFile
from profiles.partitions import fault_in


def sources(file: PolicyFile) -> Iterator[Problem]:
    """Yield every contradiction of the sources of traffic and labels, and of the columns that they hide."""
    for section, log in (("traffic", file.traffic), ("labels", file.labels)):
        if log is not None:
            yield from _either(section, log)
            yield from _files(section, log)
            yield from _query(section, log)
    yield from _columns(file)


def _either(section: str, log: TrafficFile | LabelsFile) -> Iterator[Problem]:
    if log.path is not None and log.query is not None:
        yield Problem((section, "query"), "write path or query, not both")
    if log.path is None and log.query is None:
        # The words of a key that is required, because in nearly every file it is the path that is missing.
        yield Problem((section, "path"), "is required, but missing; write it, or query and connection")


def _files(section: str, log: TrafficFile | LabelsFile) -> Iterator[Problem]:
    if log.path is None:
        if log.format is not None:
            yield Problem((section, "format"), "is for files; a query has no format")
        return
    if log.format is None and format_of(log.path) is None:
        message = f"the suffix of {log.path!r} tells no format; write format: parquet, csv or jsonl"
        yield Problem((section, "path"), message)
    if re.match(r"[a-z0-9+]+://[^/]*@", log.path):
        yield Problem((section, "path"), "holds a name or password; give those where Muster runs, never here")
    if fault := fault_in(log.path):
        yield Problem((section, "path"), fault)


def _query(section: str, log: TrafficFile | LabelsFile) -> Iterator[Problem]:
    if log.query is None:
        if log.connection is not None:
            yield Problem((section, "connection"), "is for a query, and there is none")
        return
    if log.connection is None:
        message = "is required with a query; write the environment variable that holds the database's URL"
        yield Problem((section, "connection"), message)
    unused = [name for name in ("since", "until") if not re.search(rf"(?<![:\\\w]):{name}\b", log.query)]
    if unused:
        listed = " and ".join(f":{name}" for name in unused)
        message = f"does not use {listed}; write a condition such as ts >= :since and ts < :until"
        yield Problem((section, "query"), message)


def _columns(file: PolicyFile) -> Iterator[Problem]:
    traffic = file.traffic
    if traffic.version is not None and traffic.version_is is not None:
        yield Problem(("traffic", "version_is"), "write version or version_is, not both")
    for index, column in enumerate(traffic.sensitive):
        if column in traffic.ignore:
            yield Problem(("traffic", "sensitive", index), f"column {column!r} is not profiled at all")
        elif column in file.segments:
            message = f"column {column!r} is a segment, whose values name slices; choose one"
            yield Problem(("traffic", "sensitive", index), message)
    yield from _described(file)


def _described(file: PolicyFile) -> Iterator[Problem]:
    """Yield what keeps a column of text or embeddings from being profiled as one."""
    traffic = file.traffic
    for role, others in (("text", ()), ("embeddings", traffic.text)):
        for index, column in enumerate(getattr(traffic, role)):
            where = ("traffic", role, index)
            if column in others:
                yield Problem(where, f"column {column!r} is text as well; choose one")
            elif column in traffic.ignore:
                yield Problem(where, f"column {column!r} is not profiled at all")
            elif column in file.segments:
                yield Problem(where, f"column {column!r} is a segment, whose values name slices; choose one")
            elif column in (traffic.timestamp, traffic.request_id, traffic.version):
                yield Problem(where, f"column {column!r} has another role")
