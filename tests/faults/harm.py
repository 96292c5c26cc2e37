"""What disks, networks and people who mean harm do to bytes, drawn by hypothesis."""

from hypothesis import strategies as st

ODD = st.sampled_from([0, 1, 2, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1])
KINDS = ["flip", "number", "cut", "insert", "remove"]


def harm(draw, data, at, how, orders=("little",)):
    """Change a bytearray in place at one of its bytes; a kind that is not of `KINDS` changes nothing."""
    if how == "flip" and at < len(data):
        data[at] ^= 1 << draw(st.integers(0, 7))
    elif how == "number":
        width, order = draw(st.sampled_from([1, 2, 4])), draw(st.sampled_from(orders))
        data[at : at + width] = (draw(ODD) % 256**width).to_bytes(width, order)
    elif how == "cut":
        del data[at:]
    elif how == "insert":
        data[at:at] = draw(st.binary(max_size=12))
    elif how == "remove":
        del data[at : at + draw(st.integers(1, 40))]
