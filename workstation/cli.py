"""
``lianyue``: from the command line to the composition root.

Nothing heavy is imported before a command is chosen, so that ``lianyue --version`` is instant.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from workstation import identity

Command = Callable[[argparse.Namespace], int]

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse names no public type

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_BAD_INPUT: Final = 2

_BENCHES: Final = (
    "load",
    "open",
    "scroll",
    "mammogram",
    "mpr",
    "detect",
    "worklist",
    "memory",
    "endurance",
    "turns",
    "sign",
)
_PROVIDERS: Final = ("auto", "cpu", "cuda", "openvino")
_LANGUAGES: Final = ("zh_CN", "en")
_LAST_PORT: Final = 65_535


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status (2 for bad input, with one clear line)."""
    try:
        identity.check()
    except identity.ShadowedPackage as error:
        print(f"lianyue: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    options = _parser().parse_args(argv)
    command: Command = options.command
    from workstation.bootstrap.console import guarded

    return guarded(command, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lianyue", description="Lianyue 联阅, the reading workstation of an imaging alliance"
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and leave")
    parser.add_argument("--language", choices=_LANGUAGES, help="language of texts (default: settings)")
    parser.set_defaults(command=_desktop, hub=None)
    commands = parser.add_subparsers(metavar="COMMAND")
    _add_alliance_commands(commands)
    _add_local_commands(commands)
    for command in commands.choices.values():  # it may stand before or after the command
        command.add_argument("--language", choices=_LANGUAGES, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 0 to {_LAST_PORT}")
    return int(text)


def _host_and_port(text: str) -> tuple[str, int]:
    host, separator, port = text.rpartition(":")
    if not separator or not host:
        raise argparse.ArgumentTypeError(f"{text!r} is no address: give it as 127.0.0.1:11113")
    return host.strip("[]"), _port(port)


def _address(text: str) -> str:
    """Refuse before a window opens what no hub can be behind; the clients look more closely."""
    scheme, _, host = text.partition("://")
    if scheme not in {"http", "https"} or not host.strip("/"):
        raise argparse.ArgumentTypeError(f"{text!r} is not the address of a hub: give it as https://hub.example")
    return text


def _add_alliance_commands(commands: Commands) -> None:
    demo = commands.add_parser("demo", help="embedded hub, demo users and a study; the whole loop")
    demo.add_argument("--headless", action="store_true", help="drive the loop without a display and leave screenshots")
    demo.add_argument("--study", type=Path, metavar="DIR", help="a chest CT to read (default: a phantom made here)")
    demo.add_argument("--out", type=Path, metavar="DIR", help="where artefacts and screenshots go")
    demo.set_defaults(command=_demo)

    desktop = commands.add_parser("desktop", help="the workstation (also what `lianyue` alone starts)")
    desktop.add_argument("--hub", type=_address, metavar="URL", help="address of the hub (default: settings)")
    desktop.set_defaults(command=_desktop)

    hub = commands.add_parser("hub", help="the alliance hub: UPS-RS, DICOMweb and JSON API")
    hub.add_argument("--data", type=Path, required=True, metavar="DIR", help="where the hub keeps its files")
    hub.add_argument("--database", metavar="URL", help="postgresql://… instead of SQLite in the data folder")
    hub.add_argument("--archive", metavar="URL", help="an external DICOMweb archive for the images")
    hub.add_argument("--host", default="127.0.0.1", metavar="H")
    hub.add_argument("--port", type=_port, default=8600, metavar="N", help="0 takes a free one")
    hub.add_argument("--drop", type=Path, metavar="DIR", help="where sites' folders lie (default: drop in the data)")
    hub.add_argument(
        "--commitment", type=_host_and_port, metavar="HOST:PORT", help="listen there for storage commitments of PACS"
    )
    hub.add_argument(
        "--commitment-tls", type=_host_and_port, metavar="HOST:PORT", help="the same over TLS (certificates: DATA/tls)"
    )
    hub.add_argument(
        "--pre-read-films", nargs="+", default=[], choices=("CR", "DX", "MG"), metavar="MODALITY",
        help="queue studies of these modalities (CR DX MG) for the pre-read; the worker needs a model for them",
    )  # fmt: skip
    hub.add_argument(
        "--trust",
        type=Path,
        metavar="PEM_OR_DIR",
        help="whose signatures are taken: a root certificate, or a folder with root.pem (default: anybody's)",
    )
    hub.add_argument("--demo-users", action="store_true", help="make the demo accounts (loopback only)")
    hub.set_defaults(command=_hub)

    dispatch = commands.add_parser("dispatch", help="what goes from the hub to the sites: routes, dead letters")
    dispatch.add_argument("action", choices=("list", "retry", "give-up", "routes", "route"))
    dispatch.add_argument("item", nargs="*", metavar="NUMBER|FILE", help="retry, give-up: numbers; route: a JSON file")
    dispatch.add_argument("--all", action="store_true", help="list: also what was delivered")
    dispatch.add_argument("--reason", default="", metavar="TEXT", help="give-up: why it is not sent")
    _add_account(dispatch, default_user="admin")
    dispatch.set_defaults(command=_dispatch)

    documents = commands.add_parser("documents", help="what the hub gives every site: templates, letterheads, policy")
    documents.add_argument("action", choices=("list", "publish", "withdraw"))
    documents.add_argument(
        "kind", nargs="?", default="template", choices=("template", "letterhead", "recognition_policy")
    )
    documents.add_argument("item", nargs="?", type=Path, metavar="FILE|NAME", help="publish: a file; withdraw: a name")
    documents.add_argument("--site", default="", metavar="ID", help="for one site only (default: for all)")
    _add_account(documents, default_user="admin")
    documents.set_defaults(command=_documents)

    worker = commands.add_parser("worker", help="an AI worker: claims AI workitems and stores results")
    _add_account(worker, default_user="worker")
    worker.add_argument("--provider", choices=_PROVIDERS, default="auto")
    worker.set_defaults(command=_worker)

    send = commands.add_parser("send", help="send a study and ask for its reading; resumes where it stopped")
    send.add_argument("path", type=Path, metavar="PATH", help="folder, file or DICOMDIR")
    _add_account(send, default_user="technician")
    send.add_argument("--priority", choices=("stat", "urgent", "routine"), default="routine")
    send.add_argument("--question", default="", metavar="TEXT", help="the clinical question")
    send.set_defaults(command=_send)


def _add_signature_commands(commands: Commands) -> None:
    verify = commands.add_parser("verify", help="verify signed reports and name what was altered")
    verify.add_argument("files", type=Path, nargs="+", metavar="FILE")
    verify.add_argument(
        "--trust",
        type=Path,
        metavar="PEM_OR_DIR",
        help="root certificate to trust, or a folder with root.pem (default: this machine's demo CA)",
    )
    verify.set_defaults(command=_verify)
    preserve = commands.add_parser("preserve", help="archive time stamps for signed reports, on copies")
    preserve.add_argument("files", type=Path, nargs="+", metavar="FILE", help="signed PDF, or DICOM object around one")
    preserve.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the stamped PDFs go")
    preserve.add_argument("--trust", type=Path, metavar="PEM_OR_DIR", help="as for verify")
    preserve.set_defaults(command=_preserve)


def _add_local_commands(commands: Commands) -> None:
    detect = commands.add_parser("detect", help="run a detector on a local series, no hub needed")
    detect.add_argument("path", type=Path, metavar="PATH")
    detect.add_argument(
        "--json", nargs="?", type=Path, metavar="FILE", help="write the result here (default: standard output)"
    )
    detect.add_argument("--model", metavar="ID", help="model bundle (default: the best that ships and runs here)")
    detect.add_argument("--provider", choices=_PROVIDERS, default="auto")
    detect.set_defaults(command=_detect)

    evaluate = commands.add_parser("evaluate", help="FROC, CPM and calibration against reference annotations")
    evaluate.add_argument("cases", type=Path, metavar="CASES", help="JSON list of cases, or a folder with cases.json")
    evaluate.add_argument(
        "--json", nargs="?", type=Path, metavar="FILE", help="write the figures here (default: standard output)"
    )
    evaluate.add_argument("--model", metavar="ID", help="model bundle (default: the best that ships)")
    evaluate.add_argument("--provider", choices=_PROVIDERS, default="auto")
    evaluate.set_defaults(command=_evaluate)

    models = commands.add_parser("models", help="model bundles")
    models.add_argument("action", choices=("list", "check", "import", "export", "remove", "sign", "keygen"))
    models.add_argument("bundle", nargs="?", metavar="ID_OR_PATH", help="import: folder, zip or MONAI bundle")
    models.add_argument("--out", type=Path, metavar="FILE", help="export: the zip; keygen: the private key")
    models.add_argument("--key", type=Path, metavar="PEM", help="sign: the private key")
    models.set_defaults(command=_models)

    critical = commands.add_parser("critical", help="the policy of critical values")
    critical.add_argument("what", choices=("policy",))
    critical.add_argument("action", choices=("list", "check", "import"))
    critical.add_argument("file", nargs="?", metavar="FILE", help="check, import: the policy as JSON")
    critical.add_argument("--hub", type=_address, metavar="URL", help="the hub; list without it: as shipped")
    critical.add_argument("--user", default="admin", metavar="NAME", help="account at the hub")
    critical.set_defaults(command=_critical)

    quality = commands.add_parser("quality", help="agreement of double readings, rules for signing")
    quality.add_argument("action", choices=("agreement", "rules"))
    quality.add_argument("--second-signer", action=argparse.BooleanOptionalAction, help="nobody signs alone")
    quality.add_argument("--double-reading-every", type=int, metavar="N", help="every nth case is read twice; 0 none")
    _add_account(quality, default_user="quality")
    quality.set_defaults(command=_quality)
    templates = commands.add_parser("templates", help="report templates, also as MRRT")
    templates.add_argument("action", choices=("list", "check", "import", "export"))
    templates.add_argument("template", nargs="?", metavar="ID_OR_FILE", help="check, import: JSON or MRRT (.html)")
    templates.add_argument("--out", type=Path, metavar="FILE", help="export: .html for MRRT, else JSON")
    templates.set_defaults(command=_templates)

    _add_signature_commands(commands)

    bench = commands.add_parser("bench", help="built-in benchmarks; ratios of one run")
    bench.add_argument("name", choices=_BENCHES)
    bench.add_argument(
        "--json", nargs="?", type=Path, metavar="FILE", help="write the figures here (default: standard output)"
    )
    bench.add_argument("--study", type=Path, metavar="DIR", help="a series to use instead of the phantom")
    bench.set_defaults(command=_bench)

    doctor = commands.add_parser("doctor", help="environment, OpenGL, providers, hub and self-test")
    doctor.add_argument("--json", action="store_true")
    doctor.add_argument("--hub", metavar="URL", help="also ask this hub")
    doctor.set_defaults(command=_doctor)


def _add_account(parser: argparse.ArgumentParser, *, default_user: str) -> None:
    parser.add_argument("--hub", required=True, metavar="URL", help="address of the hub")
    parser.add_argument(
        "--user",
        default=default_user,
        metavar="NAME",
        help="account; the password comes from LIANYUE_PASSWORD, the keyring or a prompt",
    )


class _Version(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002 - argparse's signature
        values: object,  # noqa: ARG002
        option_string: str | None = None,  # noqa: ARG002
    ) -> None:
        from importlib.metadata import version

        print(f"lianyue {version('lianyue')}")
        parser.exit()


# each command imports its part of the composition root only when it runs


def _desktop(options: argparse.Namespace) -> int:
    from workstation.bootstrap.desktop import run_desktop

    return run_desktop(hub_url=options.hub)


def _demo(options: argparse.Namespace) -> int:
    from workstation.bootstrap.demo import run_demo

    return run_demo(headless=options.headless, study=options.study, out=options.out)


def _hub(options: argparse.Namespace) -> int:
    from workstation.bootstrap.services import run_hub_command

    return run_hub_command(options)


def _quality(options: argparse.Namespace) -> int:
    from workstation.bootstrap.quality import run_quality_command

    return run_quality_command(options)


def _documents(options: argparse.Namespace) -> int:
    from workstation.bootstrap.documents import run_documents_command

    return run_documents_command(options)


def _dispatch(options: argparse.Namespace) -> int:
    from workstation.bootstrap.dispatch import run_dispatch_command

    return run_dispatch_command(options)


def _worker(options: argparse.Namespace) -> int:
    from workstation.bootstrap.services import run_worker_command

    return run_worker_command(options)


def _send(options: argparse.Namespace) -> int:
    from workstation.bootstrap.send import run_send_command

    return run_send_command(options)


def _detect(options: argparse.Namespace) -> int:
    from workstation.bootstrap.detect import run_detect_command

    return run_detect_command(options)


def _evaluate(options: argparse.Namespace) -> int:
    from workstation.bootstrap.evaluate import run_evaluate_command

    return run_evaluate_command(options)


def _models(options: argparse.Namespace) -> int:
    from workstation.bootstrap.models import run_models_command

    return run_models_command(options)


def _critical(options: argparse.Namespace) -> int:
    from workstation.bootstrap.critical import run_critical_command

    return run_critical_command(options)


def _templates(options: argparse.Namespace) -> int:
    from workstation.bootstrap.templates import run_templates_command

    return run_templates_command(options)


def _verify(options: argparse.Namespace) -> int:
    from workstation.bootstrap.verify import run_verify_command

    return run_verify_command(options)


def _preserve(options: argparse.Namespace) -> int:
    from workstation.bootstrap.preserve import run_preserve_command

    return run_preserve_command(options)


def _bench(options: argparse.Namespace) -> int:
    from workstation.bootstrap.bench import run_bench_command

    return run_bench_command(options)


def _doctor(options: argparse.Namespace) -> int:
    from workstation.bootstrap.doctor import run_doctor_command

    return run_doctor_command(options)
