"""Every public function says what is wrong with an argument: its name, what came, what was expected.

Nothing here lists the functions: they are found by looking (public.py), and what is bad for an argument
follows from its annotation. A new function is walked over from its first day; one that takes tensors needs a
good call below, in GOOD, or a reason in ANY_SHAPE.
"""

from __future__ import annotations

import inspect
import math
import re
import traceback
from pathlib import Path

import torch

import colorlib
from colorlib import color, film, generators, metrics
from colorlib.colorize import Colorizer
from colorlib.data import sets
from colorlib.discriminators import PatchCritic
from colorlib.training import Settings, Trainer
from tests.faults.public import Public, everything

#: What is not walked over, and why; a name ends where a part of it ends.
EXEMPT = {
    "check": "judges look at whatever a student hands over: tests/colorlib/test_check.py",
    "cli": "reads words, which argparse and the functions below judge: tests/colorlib/test_cli.py",
    "arguments": "what refuses, and is tested here by all that it refuses",
    "expect": "what refuses: tests/faults/test_numbers.py",
    "data.sets.Pictures": "says what others must have, and computes nothing",
}
#: What a method of a network is: torch compiles it, and its arguments have passed `forward`.
INNER = ("colors", "train")
#: Values, and the words in an annotation for which each is a good one.
BAD = {
    "no use": (object(), ()),
    "nothing": (None, ("None",)),
    "a word": ("nonsense", ("str", "Source", "device")),
    "half": (1.5, ("float",)),
    "no number": (math.nan, ()),
    "true": (True, ("bool",)),
}
#: Numbers that are too small, by the name of the argument.
BELOW = dict(
    n=-1,
    seed=-1,
    start=-1,
    epoch=-1,
    step=-1,
    minutes=-1,
    max_steps=-1,
    distance=-1,
    lam=-1,
    weight=-1,
)
BELOW |= dict(size=0, batch=0, epochs=0, keep=0, rounds=0, tries=0, workers=0, most=0)

G = torch.Generator().manual_seed(0)
RGB = torch.rand(2, 3, 32, 32, generator=G)
LAB = color.rgb_to_lab(RGB)
L, AB = color.Scale().split(LAB)
NET = generators.UNet(downs=3, width=4).eval()
CRITIC = PatchCritic(layers=1, width=4)
SETTINGS = Settings(epochs=1, batch=2)
TWO = {"fake": RGB, "real": RGB.flip(0)}

#: A good call of whatever takes tensors of a certain shape; a method gets its object first.
GOOD = {
    "cie.linear_to_xyz": {"linear": RGB},
    "cie.xyz_to_linear": {"xyz": RGB},
    "cie.xyz_to_lab": {"xyz": RGB},
    "cie.lab_to_xyz": {"lab": LAB},
    "color.rgb_to_lab": {"rgb": RGB},
    "color.lab_to_rgb": {"lab": LAB},
    "color.out_of_gamut": {"lab": LAB},
    "color.lower_chroma": {"lab": LAB},
    "color.as_gray_photo": {"lab": LAB},
    "color.Scale.split": {"self": color.Scale(), "lab": LAB},
    "color.Scale.join": {"self": color.Scale(), "L": L, "answer": AB},
    "color.Scale.colors": {"self": color.Scale(answer="rgb"), "answer": RGB},
    "colorize.colorizer.Colorizer.colors": {"self": Colorizer(NET, size=8), "L": L[:1]},
    "colorize.colorizer.Colorizer.predict": {"self": Colorizer(NET, size=8), "L": L, "size": 8},
    "colorize.frame.inside": {"L": L[:1]},
    "data.augment.augment": {"batch": RGB, "indices": torch.arange(2), "seed": 0, "epoch": 0},
    "data.sets.InMemory": {"rgb": RGB},
    "discriminators.Critic.forward": {"self": CRITIC, "L": L, "ab": AB},
    "evaluate.AtOwnSize.forward": {"self": colorlib.evaluate.AtOwnSize(Colorizer(NET, size=8)), "L": L},
    "evaluate.colorized": {"net": None, "rgb": RGB},
    "film.aged": {"rgb": RGB, "how": film.Print()},
    "film.expose": {"rgb": RGB},
    "film.margin": {"rgb": RGB, "how": film.Print()},
    "film.scan": {"rgb": RGB},
    "generators.base.Generator.forward": {"self": NET, "L": L},
    "generators.pretrained.as_imagenet": {"L": L},
    "images.to_image": {"rgb": RGB[:1]},
    "losses.generator_loss": {"logits": L, "real": AB, "fake": AB.flip(0)},
    "losses.pixel_loss": {"real": AB, "fake": AB.flip(0)},
    "metrics.core.ciede2000": {"fake_lab": LAB, "real_lab": LAB.flip(0)},
    "metrics.core.chroma": {"lab": LAB},
    "metrics.core.colorfulness": {"rgb": RGB},
    "metrics.core.gray_baseline": {"rgb": RGB},
    "metrics.core.l1": TWO,
    "metrics.core.mse": TWO,
    "metrics.core.ssim": TWO,
    "metrics.differences.bootstrap": {
        "gains": torch.rand(4), "photo": torch.arange(4), "draws": torch.randint(4, (9, 4)),
    },
    "metrics.evaluation.Evaluation.update": {"self": metrics.Evaluation(), **TWO},
    "metrics.evaluation.compare": TWO,
    "metrics.protocols.Metric.__call__": {"self": metrics.mse_on(), **TWO},
    "metrics.protocols.Pair": TWO,
    "metrics.turing.TuringTest": TWO,
    "show.patches.patch_map": {"rgb": RGB[0], "logits": L[:1], "alt": "A map."},
    "show.patches.recolored": {"net_d": CRITIC.eval(), "rgb": RGB[:1]},
    "show.watch.Watch": {"rgb": RGB, "folder": Path("watched")},
    "training.trainer.Trainer.train_step": {
        "self": Trainer(generators.UNet(downs=3, width=4), sets.InMemory(RGB), SETTINGS, net_d=CRITIC),
        "L": L, "ab": AB,
    },
    "widgets.explore_recolored": {"net_d": CRITIC, "rgb": RGB[:1]},
}  # fmt: skip
#: What takes tensors of any shape, or indices, and why nothing can be wrong with the shape.
ANY_SHAPE = {
    "cie.srgb_to_linear": "each number by itself",
    "cie.linear_to_srgb": "each number by itself",
    "cie.lab_curve": "each number by itself",
    "cie.inverse_lab_curve": "each number by itself",
    "color.to_uint8": "each number by itself",
    "checkpoint.save_weights": "whatever a network has",
    "compare.page.page": "pictures, as show.row takes them",
    "data.prepared.Prepared.batch": "indices",
    "data.sets.InMemory.batch": "indices",
    "data.sets.Part.batch": "indices",
    "generators.blocks.Level.forward": "a part of a network, which has looked at its input",
    "generators.blocks.joined": "torch.cat says itself what does not fit",
    "generators.lite.Inverted.forward": "a part of a network, which has looked at its input",
    "generators.lite.Residual.forward": "a part of a network, which has looked at its input",
    "images.write": "a picture or a tensor: to_image judges it",
    "losses.GANLoss.critic": "logits of a critic of any shape",
    "losses.GANLoss.generator": "logits of a critic of any shape",
    "metrics.core.psnr": "each number by itself",
    "metrics.protocols.Metric": "two functions",
    "metrics.protocols.each": "a function",
    "scenes.Scenes": "what scenes() has drawn",
    "training.alarm.effect": "whatever the network takes",
    "training.average.refresh": "whatever the network takes",
    "training.batches.batch": "indices",
    "training.batches.smaller": "pictures of a data set, which has looked at them",
    "training.several.share": "indices",
}
#: Arguments that may be anything, and why.
ANYTHING = {
    ("compare.table.word", "value"): "a number, a text or nothing, as a row has it",
    ("metrics.protocols.Metric.finish", "sums"): "a field that holds a function, not a method",
    ("show.patches.outline", "axes"): "matplotlib's axes",
    ("show.patches.patch_map", "rgb"): "a picture of any kind, which as_array judges",
    ("show.pictures.as_array", "picture"): "a tensor, or what images.read judges",
    ("show.pictures.before_after", "before"): "a picture of any kind, which as_array judges",
    ("show.pictures.before_after", "after"): "a picture of any kind, which as_array judges",
    ("show.pictures.channels", "rgb"): "a picture of any kind, which as_array judges",
    ("training.several.told", "value"): "whatever process 0 has",
}
#: Single arguments of a good call whose shape is free.
FREE = {
    ("images.to_image", "rgb"): "takes (3, h, w) as well: tests/colorlib/test_images.py",
    ("losses.generator_loss", "logits"): "of a critic of any shape",
    ("metrics.differences.bootstrap", "draws"): "any number of draws of any number of photos",
    ("show.patches.patch_map", "rgb"): "any picture",
}


def exempt(public: Public) -> bool:
    """Say whether it is named in EXEMPT, by itself or with what it belongs to."""
    return any(f"{public.name}.".startswith(f"{name}.") for name in EXEMPT)


def networks(public: Public) -> bool:
    """Say whether it belongs to a network."""
    return public.owner is not None and issubclass(public.owner, torch.nn.Module)


def a_record(public: Public) -> bool:
    """Say whether it is an error or a named tuple, which take what they are given."""
    return public.owner is not None and issubclass(public.owner, BaseException | tuple)


def inner(public: Public) -> bool:
    """Say whether it is a method of a network that only `forward` calls."""
    return networks(public) and public.name.rpartition(".")[2] in INNER


EVERY = [p for p in everything() if not (exempt(p) or a_record(p) or inner(p))]


def says(call, kwargs: dict, name: str, shown: list[str]) -> str:
    """Make a call that must be refused, and give what is wrong with the way it is; nothing if all is well."""
    try:
        call(**kwargs)
    except (TypeError, ValueError) as error:
        text, last = str(error), traceback.extract_tb(error.__traceback__)[-1].filename
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    else:
        return "nothing was said"
    ours = Path(last).is_relative_to(Path(colorlib.__file__).parent)
    named = re.search(rf"(?<!\w){name}(?!\w)", text) and any(word in text for word in shown)
    well = ours and named and "expected" in text and "\n" not in text
    return "" if well else f"{Path(last).name}: {text}"


def bad_values(name: str, annotation: object) -> dict[str, object]:
    """Give what an argument must refuse, by its annotation and its name."""
    text = annotation if isinstance(annotation, str) else annotation.__name__
    words = set(re.findall(r"\w+", re.sub(r"\[.*\]", "", text)))  # of a list, not of what is in it
    if words & {"Any", "object", "_empty"}:
        return {}
    values = {why: value for why, (value, good) in BAD.items() if not words & set(good)}
    if words & {"int", "float"} and name in BELOW:
        values["too small"] = BELOW[name]
    return values


def test_every_argument_of_another_kind_is_refused_by_name(tried):
    n, wrong, free = 0, [], set()
    for public in EVERY:
        if networks(public) and public.call is not public.owner:
            continue  # of a network only the making; what it sees is below, with tensors
        for name, parameter in public.parameters.items():
            if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                continue  # one has no names, the other any
            values = bad_values(name, parameter.annotation)
            free |= set() if values else {(public.name, name)}
            for why, value in values.items():
                n += 1
                shown = [repr(value), type(value).__name__]
                if said := says(public.call, {name: value}, name, shown):
                    wrong.append(
                        f"{public.name}({name}: {parameter.annotation}) given {why}: {said}"
                    )
    assert not wrong, f"{len(wrong)} of {n}:\n" + "\n".join(wrong)
    assert n > 1000 and free == set(ANYTHING)
    tried("an argument of another kind or out of range", n, lost=len(wrong))


def takes_tensors(public: Public) -> bool:
    return any(re.search(r"\bTensor\b", str(p.annotation)) for p in public.parameters.values())


def test_whatever_takes_tensors_has_a_good_call_here_or_a_reason():
    found = {public.name for public in EVERY if takes_tensors(public)}
    assert found - set(GOOD) - set(ANY_SHAPE) == set(), "write a good call of it into GOOD"
    assert set(GOOD) | set(ANY_SHAPE) <= found, "these are gone, or take no tensors"
    assert not set(GOOD) & set(ANY_SHAPE)


def test_every_tensor_of_another_shape_is_refused_by_name(tried, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    calls, n, wrong = {public.name: public.call for public in EVERY}, 0, []
    for name, good in GOOD.items():
        calls[name](**good)  # nothing else is wrong with the call
        for argument, value in good.items():
            if not isinstance(value, torch.Tensor) or (name, argument) in FREE:
                continue
            channels = min(
                1, value.ndim - 1
            )  # the dimension of channels; a row of numbers gets one more
            for bad in (value[0], torch.cat([value, value.narrow(channels, 0, 1)], channels)):
                n += 1
                shown = [str(tuple(bad.shape)), " x ".join(map(str, bad.shape[-2:]))]
                if said := says(calls[name], good | {argument: bad}, argument, shown):
                    wrong.append(f"{name}({argument}) of shape {tuple(bad.shape)}: {said}")
    assert not wrong, f"{len(wrong)} of {n}:\n" + "\n".join(wrong)
    tried("a tensor of another shape", n, lost=len(wrong))


def test_what_is_laid_around_a_function_changes_nothing_of_it():
    """Its name, its words, its source and its speed once compiled are those of the function itself."""
    plain = color.rgb_to_lab.__wrapped__
    assert color.rgb_to_lab is not plain and inspect.getsource(
        color.rgb_to_lab
    ) == inspect.getsource(plain)
    assert inspect.signature(color.rgb_to_lab) == inspect.signature(plain)
    whole = torch.compile(color.rgb_to_lab, backend="eager", fullgraph=True)  # a break would raise
    assert torch.equal(whole(RGB), color.rgb_to_lab(RGB))
