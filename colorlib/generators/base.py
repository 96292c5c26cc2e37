"""What the generators share: arguments that a file can carry, one check of L, and sizes of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from colorlib import configs
from colorlib.tensor_checks import check_images


class Generator(nn.Module):
    """A network that answers a gray picture with colours; a subclass says how in ``colors``.

    A subclass fills in, on the class or in its ``__init__``:

    - ``rules``: what each of its arguments may be, see :func:`colorlib.configs.check`;
    - ``least``: the shortest side that it can take;
    - ``multiple``: sides that are no multiple of it are extended by reflection at the right and at the
      bottom, and the answer is cut back;
    - ``kept``: the names of parts whose first weights come from elsewhere, such as an encoder trained on
      ImageNet: :func:`~colorlib.generators.weights.initialise` leaves them alone;
    - ``channels_last``: whether a CPU in float32, too, trains it faster in that order in memory;
    - ``frozen``: the names of parts that do not learn: ``train()`` leaves them in evaluation mode.

    Example:
        >>> class Gray(Generator):
        ...     multiple = 8
        ...     def colors(self, L):
        ...         return 0 * L.repeat(1, 2, 1, 1)
        >>> import torch
        >>> Gray()(torch.zeros(1, 1, 61, 90)).shape
        torch.Size([1, 2, 61, 90])
    """

    rules: ClassVar[Mapping[str, configs.Rule]] = {}
    least, multiple = 1, 1
    kept: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    channels_last = False

    def __init__(self, **config: object) -> None:
        super().__init__()
        configs.check(type(self).__name__, config, self.rules)
        self._config = config

    @property
    def config(self) -> dict[str, object]:
        """The arguments, as a dict that JSON can hold and ``build`` takes; ``generator`` names the class."""
        return {"generator": type(self).__name__, **self._config}

    def forward(self, L: Tensor) -> Tensor:
        """Colour pictures: see the class for shapes.

        Raises:
            TypeError, ValueError: If ``L`` is no such tensor, or smaller than ``least`` in height or width.
        """
        check_images("L", L, channels=self._config.get("inputs", 1))
        h, w = L.shape[-2:]
        if min(h, w) < self.least:
            is_one, advice = f"is a {type(self).__name__}", "take a larger L"
            if "downs" in self._config:
                is_one, advice = (
                    f"has {self._config['downs']} downs",
                    "take fewer downs or a larger L",
                )
            wanted = f"at least {self.least} x {self.least}: {advice}"
            raise ValueError(f"L is {h} x {w} (h x w) and the net {is_one}; expected {wanted}")
        down, right = -h % self.multiple, -w % self.multiple
        padded = F.pad(L, (0, right, 0, down), mode="reflect") if down or right else L
        return self.colors(padded)[..., :h, :w]

    def colors(self, L: Tensor) -> Tensor:
        """Answer pictures whose sides are multiples of ``multiple``, at their size."""
        raise NotImplementedError

    def train(self, mode: bool = True) -> Generator:
        """Switch between training and evaluation, but for the parts that are ``frozen``."""
        super().train(mode)
        for name in self.frozen:
            getattr(self, name).eval()
        return self
