"""
The errors a person may be shown, as one tree; any other exception is a bug.

::

    WorkstationError
    ├─ SourceError      Unreachable · NotTrusted · Refused · Undeliverable · IntegrityMismatch · StudyIncomplete
    ├─ WorklistError    AlreadyClaimed · WrongTransaction · NoLongerUpdatable
    ├─ DecodeError      UnsupportedTransferSyntax · NotAVolume · MissingGeometry · HostileInput
    ├─ ModelError       BundleInvalid · InputOutsideIntendedUse · ProviderUnavailable (OutOfMemory)
    ├─ ReportError      TemplateViolation · NotSignable · AmendmentNeedsReason · CriticalPolicyInvalid
    ├─ SecurityError    NotPermitted · SignatureInvalid · TimeStampUnavailable · AuditChainBroken · SignInFailed
    └─ StorageError     DiskFull · NewerSchema · Locked
"""


class WorkstationError(Exception):
    """
    Something in the world failed and the person at the screen can act on it.

    ``user_text`` says what happened and ``hint`` the next step, both already translated;
    ``detail`` is for the log and never carries a patient's name.
    """

    def __init__(self, user_text: str, *, hint: str = "", detail: str = "") -> None:
        super().__init__(detail or user_text)
        self.user_text = user_text
        self.hint = hint
        self.detail = detail


class JobCancelled(Exception):
    """A background job was asked to stop; never shown."""


class SourceError(WorkstationError):
    """Images or files could not be brought here whole."""


class Unreachable(SourceError):
    """The other side does not answer."""


class NotTrusted(Unreachable):
    """The other side may answer, but no line to it comes about that both sides trust; nothing was sent."""


class Refused(SourceError):
    """The other side answered and said no."""


class Undeliverable(SourceError):
    """The receiver will never take a report as it is: trying again does not help."""


class IntegrityMismatch(SourceError):
    """Bytes that arrived differ from the bytes that were promised, or from those already stored."""


class StudyIncomplete(SourceError):
    """Instances are missing, so the requested step would work on part of a study."""


class WorklistError(WorkstationError):
    """A workitem is not in the state the request needs."""


class AlreadyClaimed(WorklistError):
    """Another reader holds the transaction lock (UPS C301 or C302 on a claim)."""


class WrongTransaction(WorklistError):
    """The Transaction UID does not match the lock (UPS C301 elsewhere)."""


class NoLongerUpdatable(WorklistError):
    """The workitem is final or in another state (UPS C300, C303, C304, C310, C311)."""


class CriticalOpen(WorklistError):
    """The hub knows of critical values that nobody has read back and that the signer does not answer for."""


class DecodeError(WorkstationError):
    """A DICOM object cannot be turned into pixels or geometry."""


class UnsupportedTransferSyntax(DecodeError):
    """None of the installed decoders reads this transfer syntax."""


class NotAVolume(DecodeError):
    """The series has no single regular stack of slices."""


class MissingGeometry(DecodeError):
    """Spacing, position or orientation is absent or unusable."""


class HostileInput(DecodeError):
    """The file breaks a safety limit and goes to quarantine."""


class ModelError(WorkstationError):
    """A detector cannot be used."""


class BundleInvalid(ModelError):
    """A model bundle fails its manifest, digest or graph checks."""


class InputOutsideIntendedUse(ModelError):
    """The series lies outside what the model was made for; refused, not warned."""


class NotANodule(WorkstationError):
    """Nothing that can be outlined as a nodule lies at the chosen point."""


class NotPrinted(WorkstationError):
    """The printer did not take a document."""


class NotRegistrable(WorkstationError):
    """Two images cannot be laid over each other by a computation."""


class HangingProtocolInvalid(WorkstationError):
    """A hanging protocol file does not fit its schema."""


class ProviderUnavailable(ModelError):
    """The requested execution provider does not exist here."""


class OutOfMemory(ProviderUnavailable):
    """The network does not fit into the memory that this machine has left."""


class ReportError(WorkstationError):
    """A report cannot take the requested step."""


class TemplateViolation(ReportError):
    """A value does not fit its template, or the template itself is not valid."""


class NotSignable(ReportError):
    """Something still blocks the signature; ``user_text`` lists it."""


class CriticalPolicyInvalid(ReportError):
    """A catalogue of critical values cannot be used."""


class AmendmentNeedsReason(ReportError):
    """A signed report changes only with a reason."""


class SecurityError(WorkstationError):
    """Rights, signatures or the audit chain; always audited."""


class SignInFailed(SecurityError):
    """User name or password is wrong, or the session has ended."""


class NotPermitted(SecurityError):
    """The role does not include this act; the default is no."""


class SignatureInvalid(SecurityError):
    """A signature does not hold, or the signing key cannot be opened."""


class TimeStampUnavailable(SecurityError):
    """No time stamp could be had; the signature itself may stand."""


class AuditChainBroken(SecurityError):
    """An audit record was changed, removed or reordered."""


class StorageError(WorkstationError):
    """The disk or the database refused."""


class DiskFull(StorageError):
    """No space left; what was stored before is intact."""


class NewerSchema(StorageError):
    """The database was written by a newer version."""


class Locked(StorageError):
    """Another process holds the file, or the key to it is missing."""
