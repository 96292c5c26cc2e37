"""Corruption of bytes, as disks, networks and attackers cause it."""

from hypothesis import strategies as st

EDGE_VALUES = st.sampled_from([0, 1, 2, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1])
KINDS = ["flip", "number", "cut", "insert", "remove", "repeat"]


@st.composite
def corrupted(draw, files, kinds=KINDS, byte_orders=("little",)):
    """Draw one of some files and change it at one to six places, most of them near its start."""
    data = bytearray(files[draw(st.sampled_from(sorted(files)))])
    for _ in range(draw(st.integers(1, 6))):
        last = min(len(data), 200) if draw(st.booleans()) else len(data)
        position = draw(st.integers(0, last))
        corrupt(draw, data, position, draw(st.sampled_from(kinds)), byte_orders)
    return bytes(data)


def corrupt(draw, data, position, kind, byte_orders):
    """Change a bytearray in place at one position."""
    if kind == "flip" and position < len(data):
        data[position] ^= 1 << draw(st.integers(0, 7))
    elif kind == "number":
        width, order = draw(st.sampled_from([1, 2, 4])), draw(st.sampled_from(byte_orders))
        number = draw(EDGE_VALUES) % 256**width
        data[position : position + width] = number.to_bytes(width, order)
    elif kind == "cut":
        del data[position:]
    elif kind == "insert":
        data[position:position] = draw(st.binary(max_size=12))
    elif kind == "remove":
        del data[position : position + draw(st.integers(1, 40))]
    elif kind == "repeat":
        data[position:position] = data[position : position + draw(st.integers(1, 80))]
    elif kind == "dots":  # a path that leaves the folder of an archive
        start = data.find(b"set/")
        if start >= 0:
            data[start : start + 4] = b"../."


def damage(data, rng):
    """Return bytes that differ: flipped, cut off, zeroed, or with others after them."""
    data, position = bytearray(data), rng.randrange(len(data))
    kind = rng.choice(["flip", "cut", "zeros", "more"])
    if kind == "flip":
        for _ in range(rng.choice([1, 1, 9])):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == "cut":
        del data[position:]
    elif kind == "zeros":
        end = min(len(data), position + rng.randrange(1, 4096))
        filler = b"\0" if any(data[position:end]) else b"\xff"
        data[position:end] = filler * (end - position)
    else:
        data += rng.randbytes(rng.randrange(1, 99))
    return bytes(data)
