"""The 16-bit floating-point type that a device computes faster than float32.

bfloat16 has the range of float32 and fewer digits, and needs no precautions. float16 has more
digits and a small range: small gradients become 0 unless the loss is scaled up first, which a
``GradScaler`` does. A T4, the GPU of free Colab sessions, has float16 only. Weights, optimizers,
losses and Lab stay in float32 throughout.
"""

from __future__ import annotations

from pathlib import Path

import torch

_CPU_MEMORY_WORDS = (
    "DefaultCPUAllocator",
    "could not create a primitive",
    "could not create a memory object",
)
_CPU_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}  # of x86 processors, and of ARM's


def is_out_of_memory(error: Exception) -> bool:
    """Return whether an error means that memory ran out.

    On the CPU, PyTorch and its library oneDNN raise a plain RuntimeError, which only the message
    identifies.

    Example:
        >>> is_out_of_memory(MemoryError()), is_out_of_memory(RuntimeError("shapes differ"))
        (True, False)
    """
    is_memory_error = isinstance(error, torch.cuda.OutOfMemoryError | MemoryError)
    return is_memory_error or any(words in str(error) for words in _CPU_MEMORY_WORDS)


def amp_dtype(device: torch.device, *, flags: str | Path = "/proc/cpuinfo") -> torch.dtype | None:
    """Return the 16-bit type for automatic mixed precision on a device.

    Args:
        device: where to compute.
        flags: the file in which Linux lists what the processor can do.

    Returns:
        On an NVIDIA GPU bfloat16 from compute capability 8.0 on (2020), float16 before; on a CPU
        bfloat16 if it has instructions for it. None if float32 is as fast, or if that is unknown.

    Example:
        >>> amp_dtype(torch.device("meta")) is None
        True
    """
    if device.type == "cuda":
        has_bfloat16 = torch.cuda.get_device_capability(device) >= (8, 0)
        return torch.bfloat16 if has_bfloat16 else torch.float16
    if device.type == "cpu" and Path(flags).is_file():
        return torch.bfloat16 if _CPU_FLAGS & set(Path(flags).read_text().split()) else None
    return None


def describe_dtype(dtype: torch.dtype | None) -> str:
    """Return a description of the precision that a training run computes in.

    Example:
        >>> describe_dtype(torch.float16)
        'float16 where it is safe, with a gradient scaler'
    """
    if dtype is None:
        return "float32; this device has no faster type of 16 bits"
    scaled = ", with a gradient scaler" if dtype is torch.float16 else ""
    return f"{str(dtype).removeprefix('torch.')} where it is safe{scaled}"
