"""OpenVINO (extra ``openvino``) with the few methods of an ONNX Runtime session that are used here."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any, Final

import numpy as np
import numpy.typing as npt

NAME: Final = "OpenVINO"
_ASK_EVERY_MS: Final = 50

FloatArray = npt.NDArray[np.float32]


def installed() -> bool:
    """Tell whether the extra is there."""
    return importlib.util.find_spec("openvino") is not None


class OpenVinoNetwork:
    """A network on Intel's CPU code, in 32-bit floats: left alone, it takes bf16 and errs by 8e-4."""

    def __init__(self, model: bytes, *, threads: int) -> None:
        openvino: Any = importlib.import_module("openvino")
        core = openvino.Core()
        settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": str(threads),
        }
        self._compiled: Any = core.compile_model(core.read_model(model, b""), "CPU", settings)

    def get_providers(self) -> list[str]:
        """Return where it runs."""
        return [NAME]

    def get_inputs(self) -> list[Port]:
        """Return the inputs in order."""
        return [Port(port.get_any_name()) for port in self._compiled.inputs]

    def get_outputs(self) -> list[Port]:
        """Return the outputs in order."""
        return [Port(port.get_any_name()) for port in self._compiled.outputs]

    def run(self, outputs: list[str], feed: dict[str, FloatArray], options: Any = None) -> list[FloatArray]:  # noqa: ANN401  ONNX Runtime's RunOptions
        """Run once; stops when ``options.terminate`` is set. RuntimeError on a fault."""
        request = self._compiled.create_infer_request()
        request.start_async(feed)
        while not request.wait_for(_ASK_EVERY_MS):
            if options is not None and options.terminate:
                request.cancel()
        request.wait()  # raises what went wrong, a cancellation included
        return [np.array(request.get_tensor(name).data) for name in outputs]


class Port:
    """Name of an input or output."""

    def __init__(self, name: str) -> None:
        self.name = name
