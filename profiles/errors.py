"""The exceptions that Muster raises on purpose, one tree.

MusterError
├── TrafficUnavailable   the rows of a window could not be read
├── ColumnMissing        a column that the policy names is not in the data
├── ProfileUnreadable    stored profile bytes are damaged or of another format
├── PolicyInvalid        a policy file has faults (all of them, with lines)
├── BaselineMissing      nothing to compare a window with
├── RegistryUnavailable  the model registry did not answer or lacks an entry
├── LedgerUnavailable    the ledger database cannot be used as it is
├── LedgerConflict       somebody else changed the same row first
├── TrainerFailed        a challenger could not be fitted
├── MoveRefused          who serves may not be changed like this, or not by this actor
├── OrchestratorUnavailable   the Prefect server did not answer, refused, or cannot be used as it is
│   └── DeploymentTaken  a deployment of that name belongs to somebody else
├── ServiceFailed        a server of one's own did not start, or ended
├── ChannelUnavailable   a channel of alerts cannot be used as it is defined
└── SettingsInvalid      the environment or muster.toml has a fault

Every message says what was wanted, what was found and what to do next.
"""


class MusterError(Exception):
    """Something that a person has to know about; the message is for that person."""


class TrafficUnavailable(MusterError):
    """The rows of a window could not be read."""


class ColumnMissing(TrafficUnavailable):
    """A column that the policy names is not in the data."""


class ProfileUnreadable(MusterError):
    """Stored profile bytes are damaged or of another format."""


class PolicyInvalid(MusterError):
    """A policy file has faults."""


class BaselineMissing(MusterError):
    """There is no baseline to compare a window with."""


class RegistryUnavailable(MusterError):
    """The model registry did not answer, or lacks an entry."""


class LedgerUnavailable(MusterError):
    """The ledger database cannot be used as it is."""


class LedgerConflict(MusterError):
    """Somebody else changed the same row first."""


class MoveRefused(MusterError):
    """Who serves may not be changed like this, or not by this actor."""


class TrainerFailed(MusterError):
    """A challenger could not be fitted, or what was fitted is not what was ordered."""


class ChannelUnavailable(MusterError):
    """A channel of alerts cannot be used as it is defined."""


class SettingsInvalid(MusterError):
    """The environment or the settings file has a fault."""


class OrchestratorUnavailable(MusterError):
    """The Prefect server did not answer, refused, or cannot be used as it is."""


class ServiceFailed(MusterError):
    """A server that Muster started did not become healthy, or ended by itself."""


class DeploymentTaken(OrchestratorUnavailable):
    """A deployment of that name belongs to somebody else."""
