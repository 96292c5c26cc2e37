"""What the papers leave open, or contradict, and what the recipes choose: a note for each value.

A note speaks of the full recipe; ``at`` and ``reduced`` shrink that. "Tutorial" is the public one that papers
000 and 004 follow.
"""

EVERY = {
    "gray": "every recipe is given L / 50 - 1 with L in 255 steps, as an 8-bit gray photo has it",
    "near-duplicates": "kept together in one part when the photos are divided",
}
_FORM = "non-saturating for the generator, as pix2pix trains; the formula is the minimax one"
_FOLLOWS = {
    "network": "8 levels from 64 filters, as the tutorial; neither is given",
    "critic": "patches of 70x70 pixels by three layers of stride 2, as the tutorial; no size is given",
    "scale": "L / 50 - 1 and ab / 110, as the tutorial",
    "batch": "16, as the tutorial",
    "optimiser": "Adam, 2e-4 with betas 0.5 and 0.999 for both networks, as the tutorial",
    "lambda": "100, as the tutorial and pix2pix",
    "init": "N(0, 0.02), as the tutorial",
    "dropout": "0.5 in three blocks of the way up, as the tutorial and pix2pix",
    "size": "256, stretched, as the tutorial",
}
_HE = {"init": "N(0, sqrt(2 / fan)); the paper says nothing"}

P0 = (
    EVERY
    | _FOLLOWS
    | {
        "adversarial loss": _FORM,
        "epochs": "20; the paper sees substantial results after 20 to 25",
        "condition": "L alone; that the generator is given the true colours (abstract) cannot be meant",
        "noise": "dropout only; z is written and fed nowhere",
        "mirror images": "half of the pictures, as the tutorial",
        "photos": "8,000 drawn from fastai's sample of COCO; the paper does not say which",
        "validation": "2,000 further photos, as the tutorial",
    }
)
P1 = (
    EVERY
    | _HE
    | {
        "width": "32 filters in the first layer, doubled to 1,024 in the sixth; the paper gives none",
        "up": "transposed convolution, as its section 3.1 says; section 3.1.2 says repetition",
        "slope": "0.2 for LeakyReLU; the paper gives none",
        "batch norm": "none; the paper names none",
        "scale": "targets in [-1, 1], which its tanh needs",
        "betas": "0.9 and 0.999, Adam's defaults; the paper gives none",
        "mirror images": "none; the paper names none",
        "variant": "7:3, rate 1e-4, batch 64, which the paper prefers; the set paper-001-grid has all 24",
        "square": "the middle of each photo; the paper says cropping and resizing",
        "peak": "1 on RGB in [0, 1]; the paper does not say what the largest value is",
        "accuracy": "not computed: of a regression it is not defined",
    }
)

_P2 = EVERY | {
    "photos": "those of monet2photo stand in for the paper's own",
    "division": "9:1; the tenth, the paper's test set, chooses the best epoch of a pixel stage here",
    "square": "stretched; the paper says resized",
    "mirror images": "none; the paper names none",
    "filters": "this project's limits for gray, faint, loud and crowded; the paper gives none",
    "metric": "peak 2 on the network's tensors, averaged per image: the only reading that fits all six rows",
}
P2_CNN = (
    _P2
    | _HE
    | {
        "bottleneck": "64x64x128, as its table; the text says 128x128x128",
        "activations": "ReLU between the layers; the paper names the last one alone, tanh",
    }
)
P2_INCEPTION = (
    _P2
    | _HE
    | {
        "encoder": "256 channels out, which its 6.5 million parameters need; the text says 512",
        "embedding": "1000 classes, as timm's weights have; the paper says 1001",
        "classifier": "does not learn; the paper calls it a feature extractor",
        "Inception's input": "the picture at its own size, gray in three channels; the paper gives no size",
    }
)
P2_LAB = _P2 | {
    "adversarial loss": _FORM,
    "way up": "4x4 kernels, from 512 to 64 filters; the paper gives neither",
    "gray in": "three equal channels, normalised as for ImageNet",
    "encoder": "trained further; the tutorial that the paper mirrors freezes it",
    "dropout": "0.5 in every block of the way up; the paper says that there is dropout",
    "init": "N(0, 0.02) for the way up and the critic, as pix2pix",
}
P2_RGB = P2_LAB | {
    "scale": "red, green and blue in [-1, 1], which its tanh needs",
    "tuning": "none, the rate and batch of Lab; the paper tuned both for RGB and gives no values",
}

P3_BASELINE = EVERY | {
    "levels": "5, with 64 filters in the first and at most 512; the paper says n, and doubled each time",
    "batch norm": "not in the first layer and the last, as its list of tricks says; its text says in all",
    "scale": "L / 50 - 1 and ab / 110; the paper gives none",
    "batch": "16; the paper gives none",
    "betas": "0.5 and 0.999; the paper gives none",
    "init": "N(0, sqrt(2 / fan)), He's; the paper cites number 16 of a list that ends at 6",
    "epochs": "54, the last in its strip; it says iteration",
    "mirror images": "none; the paper names none",
    "plateau": "a tenth after 3 epochs without a better validation; there it was done by hand",
    "composing": "the given L counts, not the one that the network answers: that would drift",
    "division": "8:1:1 of all photos; the set comes divided 10:1:1, and classes are not needed here",
}
P3_GAN = P3_BASELINE | {
    "critic's layers": "at 64 pixels four of stride 2, then one of 4x4; the paper gives no number",
}

P4 = (
    EVERY
    | _FOLLOWS
    | {
        "adversarial loss": "binary cross-entropy, as the slides say; non-saturating for the generator",
        "photos": "5,000 drawn from Imagenette; the subset of ImageNet was not published",
        "division": "8:2; what the slides call testing is for watching here, and COCO for testing",
        "pixel loss": "the slides show L1 and L2 and do not say which was used: a recipe for each",
    }
)
TUTORIAL = EVERY | {
    "range": "no tanh at the end, as there: what leaves sRGB is brought in",
    "photos": "10,000 drawn from fastai's sample of COCO, with a seed of ours",
}
