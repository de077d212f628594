"""
Train a detector: ``python -m models.training.train --data DIR --run NAME``.

Everything of a run lies in ``.train/NAME``: the data index with fingerprints, the log (one JSON
object a line), the newest checkpoint. The same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch.utils.data import DataLoader, Dataset

from models.training.export import read_folded
from models.training.losses import detection_loss
from models.training.nets import SIZES, HeatMapNet, load_folded
from models.training.prepare_data import open_sources, prepare_data
from models.training.sampling import Sources, make_sample

EMA: Final = 0.998
_WARM_UP: Final = 100
_SAVE_EVERY_S: Final = 120
_CLIP: Final = 5.0
_DECAY: Final = 0.01
_LOG_EVERY: Final = 50


@dataclass(frozen=True, slots=True)
class Options:
    """What defines a run; written into its log and its checkpoint."""

    size: str
    steps: int
    minutes: float
    batch: int
    rate: float
    seed: int
    workers: int
    device: str
    start: str


class Samples(Dataset):
    """Samples by number, so that any number of processes learn the same run."""

    def __init__(self, sources: Sources, seed: int, first: int, count: int) -> None:
        self.sources, self.seed, self.first, self.count = sources, seed, first, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        sample = make_sample(self.sources, self.seed, self.first + number)
        target = {k: torch.from_numpy(getattr(sample.target, k)) for k in ("heat", "judged", "size", "offset", "near")}
        return {"image": torch.from_numpy(sample.image)[None], **target}


class Run:
    """Network, averaged weights and optimiser of one run, and how far it is."""

    def __init__(self, options: Options, folder: Path) -> None:
        self.options = options
        self.device = torch.device(options.device)
        self.checkpoint = folder / "checkpoint.pt"
        torch.manual_seed(options.seed)
        net = HeatMapNet(SIZES[options.size], norm=not options.start)
        if options.start:
            load_folded(net, read_folded(Path(options.start).read_bytes()))
        self.net = net.to(self.device, memory_format=torch.channels_last_3d)
        self.smooth = {name: value.detach().clone().float() for name, value in net.state_dict().items()}
        self.optimiser = torch.optim.AdamW(net.parameters(), lr=options.rate, weight_decay=_DECAY)
        self.step, self.spent_s = 0, 0.0
        if self.checkpoint.is_file():
            stored = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
            self.net.load_state_dict(stored["net"])
            self.optimiser.load_state_dict(stored["optimiser"])
            self.smooth, self.step, self.spent_s = stored["ema"], stored["step"], stored["spent_s"]

    @property
    def done(self) -> float:
        """Return the share of the run that is over, by steps or by time, whichever is further."""
        minutes = self.options.minutes
        return max(self.step / self.options.steps, self.spent_s / (60 * minutes) if minutes else 0.0)

    def save(self) -> None:
        """Write the checkpoint; the one before stays until the new one is whole."""
        new = self.checkpoint.with_suffix(".new")
        state = {"net": self.net.state_dict(), "optimiser": self.optimiser.state_dict(), "ema": self.smooth}
        torch.save({**state, "step": self.step, "spent_s": self.spent_s, "options": asdict(self.options)}, new)
        new.replace(self.checkpoint)

    def learn(self, batch: dict[str, torch.Tensor]) -> dict[str, float]:
        """Take one step; returns the parts of the loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.options.rate, self.step, self.done)
        self.net.train()
        half = self.device.type == "cuda" or _has_bf16()
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=half):
            raw = self.net(batch["image"])
        loss, parts = detection_loss(raw, batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), _CLIP)
        self.optimiser.step()
        self.step += 1
        keep = min(EMA, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, value in self.net.state_dict().items():
                self.smooth[name].mul_(keep).add_(value.float(), alpha=1 - keep)
        return parts


def train(options: Options, sources: Sources, folder: Path) -> None:
    """Run until the steps or the minutes are used up, or go on from the folder's checkpoint."""
    run = Run(options, folder)
    saved = clock = time.monotonic()
    sums: dict[str, float] = {}
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"event": "start", "step": run.step, **asdict(options)}) + "\n")
        log.flush()
        for batch in _batches(sources, options, run.step, run.device):
            if run.done >= 1:
                break
            sums = {name: sums.get(name, 0.0) + value for name, value in run.learn(batch).items()}
            now = time.monotonic()
            run.spent_s, clock = run.spent_s + now - clock, now
            if run.step % _LOG_EVERY == 0:
                means = {name: round(value / _LOG_EVERY, 4) for name, value in sums.items()}
                log.write(json.dumps({"step": run.step, "spent_s": round(run.spent_s), **means}) + "\n")
                log.flush()
                sums = {}
            if now - saved > _SAVE_EVERY_S:
                run.save()
                saved = now
        run.save()
        log.write(json.dumps({"event": "end", "step": run.step, "spent_s": round(run.spent_s)}) + "\n")


def rate_at(peak: float, step: int, done: float) -> float:
    """Return the learning rate: a short linear rise, then a cosine to zero over the share that is done."""
    return peak * min(1.0, (step + 1) / _WARM_UP) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def _batches(sources: Sources, options: Options, step: int, device: torch.device) -> Iterator[dict[str, torch.Tensor]]:
    count = (options.steps - step) * options.batch
    dataset = Samples(sources, options.seed, step * options.batch, count)
    loader = DataLoader(
        dataset, options.batch, num_workers=options.workers, prefetch_factor=4 if options.workers else None,
        worker_init_fn=_one_thread, pin_memory=device.type == "cuda",
    )  # fmt: skip
    for batch in loader:
        moved = {name: value.to(device, non_blocking=True) for name, value in batch.items()}
        moved["image"] = moved["image"].contiguous(memory_format=torch.channels_last_3d)
        yield moved


def _one_thread(_worker: int) -> None:
    torch.set_num_threads(1)


def _has_bf16() -> bool:
    """Tell whether this CPU multiplies bf16 in hardware; elsewhere autocast doubles the time of a step."""
    return "avx512_bf16" in Path("/proc/cpuinfo").read_text(encoding="ascii") if os.name == "posix" else False


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m models.training.train", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with volumes, nodule_cubes.npz, curated.json")
    parser.add_argument("--run", default="default", help="name of the run below .train")
    parser.add_argument("--size", choices=sorted(SIZES), default="s")
    parser.add_argument("--from", dest="start", default="", help="go on from the weights of this ONNX file")
    parser.add_argument("--steps", type=int, default=90_000)
    parser.add_argument("--minutes", type=float, default=0.0, help="end after this time, if earlier")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    chosen = vars(parser.parse_args())
    data, run = chosen.pop("data"), chosen.pop("run")
    root = Path(".train")
    folder = root / run
    folder.mkdir(parents=True, exist_ok=True)
    index: dict[str, Any] = prepare_data(data, root)
    if chosen["start"]:
        start = Path(chosen["start"])
        index["start"] = {"name": start.name, "sha256": hashlib.sha256(start.read_bytes()).hexdigest()}
    (folder / "data-index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    train(Options(**chosen), open_sources(data, root), folder)


if __name__ == "__main__":
    main()
