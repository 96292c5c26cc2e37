"""Which 16-bit numbers a device computes faster than 32-bit ones.

bfloat16 has the range of float32 and fewer digits; it needs no care. float16 has more digits and a small
range: gradients vanish in it unless the loss is multiplied up first, which a ``GradScaler`` does. A T4, the
GPU of free Colab sessions, has float16 only. Weights, optimisers, losses and Lab stay in float32 throughout.
"""

from __future__ import annotations

from pathlib import Path

import torch

_CPU_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}  # of x86 processors, and of ARM's


def is_out_of_memory(error: Exception) -> bool:
    """Say whether an error means that memory ran out; PyTorch on the CPU says so in words only.

    Example:
        >>> is_out_of_memory(MemoryError()), is_out_of_memory(RuntimeError("shapes differ"))
        (True, False)
    """
    named = isinstance(error, torch.cuda.OutOfMemoryError | MemoryError)
    return named or "DefaultCPUAllocator" in str(error)


def amp_dtype(device: torch.device, *, flags: str | Path = "/proc/cpuinfo") -> torch.dtype | None:
    """Choose the 16-bit type for a device; None where float32 is as fast, or where it is not known.

    Args:
        device: An NVIDIA GPU gives bfloat16 from compute capability 8.0 on (2020), float16 before. A CPU
            gives bfloat16 if it has instructions for it.
        flags: The file in which Linux lists what the processor can do.

    Example:
        >>> amp_dtype(torch.device("meta")) is None
        True
    """
    if device.type == "cuda":
        return (
            torch.bfloat16 if torch.cuda.get_device_capability(device) >= (8, 0) else torch.float16
        )
    if device.type == "cpu" and Path(flags).is_file():
        return torch.bfloat16 if _CPU_FLAGS & set(Path(flags).read_text().split()) else None
    return None


def describe_dtype(dtype: torch.dtype | None) -> str:
    """Say in words what a training run computes in.

    Example:
        >>> describe_dtype(torch.float16)
        'float16 where it is safe, with a gradient scaler'
    """
    if dtype is None:
        return "float32; this device has no faster type of 16 bits"
    scaled = ", with a gradient scaler" if dtype is torch.float16 else ""
    return f"{str(dtype).removeprefix('torch.')} where it is safe{scaled}"
