"""``colorlib train``: from a folder of photos to a colorizer, whatever comes between."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

from colorlib.cli.common import data_arguments, device, device_argument, filters, tell
from colorlib.files import whole

_ELSEWHERE = {"command", "run", "json", "out", "minutes", "device", "epochs", "gan_epochs"}  # may change
log = logging.getLogger("colorlib")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Ask for data, network, loss and time."""
    data_arguments(parser)
    add = parser.add_argument
    add("--out", metavar="FOLDER", help="folder of the run; runs/NAME-SIZE if not given")
    add("--size", type=int, help="side of the pictures; 256, or 64 with --reduced")
    add("--width", type=int, help="filters of the outermost level; 64, or 16 with --reduced")
    add("--epochs", type=int, help="of the pixel stage; 20, or 6 with --reduced")
    add("--gan-epochs", type=int, default=0, help="of the adversarial stage that follows")
    add("--batch", type=int, default=16, help="pictures in a step")
    add("--lr", type=float, default=2e-4, help="Adam's learning rate")
    add("--loss", choices=["l1", "l2"], default="l1", help="the pixel loss")
    add("--lam", type=float, default=100.0, help="weight of the pixel loss beside the adversarial one")
    add("--smoothing", type=float, default=1.0, help="label of real pictures for the critic: 1 or 0.9")
    add("--ema", type=float, default=0.99, help="decay of the moving average of weights; 0 for none")
    add("--float32", action="store_true", help="no 16-bit arithmetic, even where it is faster")
    add("--minutes", type=float, help="stop after so long; the same command goes on")
    device_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Train; a run that was stopped goes on, a finished one says so."""
    from colorlib.data.sets import load
    from colorlib.evaluate import evaluate
    from colorlib.metrics import psnr_on
    from colorlib.show import Watch
    from colorlib.training import train_in_stages

    small = (
        {"size": 64, "width": 16, "epochs": 6} if args.reduced else {"size": 256, "width": 64, "epochs": 20}
    )
    for name, value in small.items():
        setattr(args, name, value if getattr(args, name) is None else getattr(args, name))
    name = Path(args.data).name + f"-{args.size}" + ("-reduced" if args.reduced else "")
    folder = Path(args.out) if args.out else Path("runs", name)
    _same_run(folder, {key: value for key, value in vars(args).items() if key not in _ELSEWHERE})
    net_g, net_d, pixel, adversarial = _parts(args)
    sets = load(args.data, args.size, seed=args.seed, filters=filters(args), reduced=args.reduced)
    gray = evaluate(None, sets.validation, metrics={"psnr": psnr_on("rgb", peak=1)}).result()["psnr"]
    log.info("%s; %s", sets.about, ", ".join(f"{n:,} {part}" for part, n in sets.counts.items()))
    watched = sets.validation.batch(range(min(6, len(sets.validation))))
    outcome = train_in_stages(
        net_g,
        sets,
        folder,
        pixel,
        size=args.size,
        net_d=net_d,
        adversarial=adversarial,
        look=lambda stage: Watch(watched, stage, live=False, gray=gray),
        device=device(args.device),
        minutes=args.minutes,
        progress=True,
    )
    scores = [row["validation"] for row in outcome.history["1-pixel"]]
    result = {
        "models": outcome.models,
        "done": outcome.done,
        "about": sets.about,
        "pictures": sets.counts,
        "gray_psnr": gray,
        "best_psnr": max(scores, default=None),
        "history": outcome.history,
    }
    return tell(args, result, _words(result, folder))


def _words(result: dict, folder: Path) -> str:
    """Say what has come of it, and what to do now."""
    best = result["best_psnr"]
    models = [f"{name}: {path}" for name, path in result["models"].items()]
    score = "no epoch is over yet"
    if best is not None:
        score = f"best epoch {best:.2f} dB on the validation pictures, gray {result['gray_psnr']:.2f} dB"
        score += "\n" + f"curves and strips: {folder / '1-pixel' / 'progress.png'}"
    state = "done" if result["done"] else "stopped; the same command goes on"
    return "\n".join([state, score, *models, "now: colorlib colorize PHOTO"])


def _parts(args: argparse.Namespace) -> tuple:
    """Make networks and settings of what was asked for."""
    from colorlib.discriminators import PatchCritic
    from colorlib.generators import UNet, initialise
    from colorlib.losses import GANLoss
    from colorlib.training import Settings

    net_g = initialise(
        UNet(downs=max(2, min(8, args.size.bit_length() - 1)), width=args.width), seed=args.seed
    )
    both = {
        "batch": args.batch,
        "pixel": args.loss,
        "mixed": not args.float32,
        "ema": args.ema,
        "seed": args.seed,
    }
    pixel = Settings(epochs=args.epochs, lr=args.lr, **both)
    if not args.gan_epochs:
        return net_g, None, pixel, None
    layers = 3 if args.size >= 128 else 2
    net_d = initialise(PatchCritic(layers=layers, width=args.width), seed=args.seed + 1)
    gan = GANLoss(smoothing=args.smoothing)
    return net_g, net_d, pixel, Settings(epochs=args.gan_epochs, lr=args.lr, gan=gan, weight=args.lam, **both)


def _same_run(folder: Path, asked: dict) -> None:
    """Keep what a run was started with beside it, and refuse to go on with something else.

    Raises:
        ValueError: the folder holds a run that was started otherwise.
    """
    path = folder / "run.json"
    if path.exists():
        began = json.loads(path.read_text("utf-8"))
        other = [
            f"{key} {began.get(key)!r}, now {asked[key]!r}" for key in asked if asked[key] != began.get(key)
        ]
        if other:
            raise ValueError(
                f"{folder} holds a run with {'; '.join(other)}: ask for the same, or name an --out"
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    with whole(path) as file:
        file.write(json.dumps(asked, indent=1).encode())
