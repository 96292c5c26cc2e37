"""Paper 002's pix2pix generators, their encoders against those of segmentation-models-pytorch."""

from urllib.error import URLError

import pytest
import torch
from generator_cases import count, noise, shaken
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from colorlib.data.datasets import TensorImages
from colorlib.encoders import STAGE_CHANNELS, EncoderUNet, encoder_stages
from colorlib.training import TrainConfig, Trainer
from colorlib.generator import init_weights
from colorlib.models import backbones
from colorlib.models.fastai_unet import FastaiUNet

FILES = {
    "mobilenet_v2": "mobilenet_v2-b0353104.pth",
    "densenet121": "densenet121-a639ec97.pth",
    "resnet18": "resnet18-f37072fd.pth",
}


@pytest.fixture(params=STAGE_CHANNELS)
def encoder(request):
    return request.param


@pytest.fixture(scope="module")
def small():
    return shaken(EncoderUNet("resnet18", base_channels=4))


def theirs(encoder):
    """Make the independent encoder; at 1/32 it answers later than ours in MobileNet, earlier in DenseNet."""
    from segmentation_models_pytorch.encoders import get_encoder

    with torch.random.fork_rng([]):
        torch.manual_seed(3)
        net = get_encoder(encoder, weights=None)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1, generator=torch.Generator().manual_seed(1))
            module.running_var.uniform_(0.5, 2, generator=torch.Generator().manual_seed(2))
    return net.eval()


def test_features_are_those_of_an_independent_encoder(encoder):
    ours, other, rgb = encoder_stages(encoder).eval(), theirs(encoder), noise(2, 3, 64, 96)
    state, kept = ours.state_dict(), list(other.state_dict().items())
    kept = [
        (name, value)
        for name, value in kept
        if not name.startswith("features.18.") or "mobile" not in encoder
    ]
    assert len(kept) == len(state)
    ours.load_state_dict(dict(zip(state, (value for _, value in kept), strict=True)))
    seen = []
    if encoder == "mobilenet_v2":
        other.features[17].register_forward_hook(lambda m, args, out: seen.append(out))
    with torch.no_grad():
        expected = other(rgb)[1:]
        expected[-1] = seen[0] if seen else expected[-1].relu()
        x = rgb
        for stage, channels, feature in zip(ours, STAGE_CHANNELS[encoder], expected, strict=True):
            x = stage(x)
            assert x.shape[1] == channels and feature.std() > 0
            assert torch.allclose(x, feature, atol=1e-4)
    left_out = count(other.features[18]) if encoder == "mobilenet_v2" else 0
    assert count(ours) == count(other) - left_out


@pytest.mark.parametrize("outputs", [2, 3])
def test_parameters_by_a_formula(encoder, outputs):
    with torch.device("meta"):
        net = EncoderUNet(encoder, outputs)
        *beside, channels = STAGE_CHANNELS[encoder]
        total = count(encoder_stages(encoder))
    for out, skip in zip((512, 256, 128, 64), reversed(beside), strict=True):
        total += 16 * channels * out + 2 * out
        channels = out + skip
    assert count(net) == total + 16 * channels * outputs + outputs


def test_shapes_at_256(encoder):
    shapes = []
    with torch.device("meta"):
        net = EncoderUNet(encoder)
        for part in (*net.encoder, *net.ups, net.last):
            part.register_forward_hook(lambda m, args, out: shapes.append(tuple(out.shape[1:])))
        assert net(torch.zeros(1, 1, 256, 256)).shape == (1, 2, 256, 256)
    sides = [128, 64, 32, 16, 8]
    down = [
        (channels, side, side)
        for channels, side in zip(STAGE_CHANNELS[encoder], sides, strict=True)
    ]
    assert shapes == [
        *down,
        (512, 16, 16),
        (256, 32, 32),
        (128, 64, 64),
        (64, 128, 128),
        (2, 256, 256),
    ]


def test_each_up_is_what_the_paper_lists(encoder):
    with torch.device("meta"):
        net = EncoderUNet(encoder, dropout=0.3)
    for up in net.ups:
        assert [type(m) for m in up] == [nn.ConvTranspose2d, nn.BatchNorm2d, nn.Dropout, nn.ReLU]
        assert up[2].p == 0.3 and up[0].bias is None
    assert net.last.bias is not None


def test_every_skip_is_used(small):
    L = noise(1, 1, 64, 64)
    with torch.no_grad():
        before = small(L)
        for k in range(5):
            module = small.encoder[k + 1][0] if k < 4 else small.ups[0]
            # the next stage sees the same as before: what changes, changes through the skip
            seen = []
            keep = module.register_forward_pre_hook(
                lambda m, args, seen=seen: seen.append(args[0].clone())
            )
            small(L)
            keep.remove()
            swap = small.encoder[k].register_forward_hook(lambda m, args, out: out + 1)
            hold = module.register_forward_pre_hook(lambda m, args, seen=seen: (seen[0],))
            assert torch.equal(small(L), before) is (k == 4)  # the innermost has no skip
            swap.remove()
            hold.remove()


def test_gray_enters_as_imagenet_would_have_it():
    import torchvision.transforms.functional as T

    L = noise(2, 1, 5, 4)
    expected = T.normalize(((L + 1) / 2).repeat(1, 3, 1, 1), backbones.MEAN, backbones.STD)
    assert torch.allclose(backbones.to_imagenet_input(L), expected, atol=1e-6)


NOISES = TensorImages((noise(4, 3, 64, 64) + 1) / 2)


@pytest.mark.parametrize("frozen", [True, False])
def test_a_frozen_encoder_is_bitwise_what_it_was(frozen):
    net = EncoderUNet("mobilenet_v2", frozen=frozen, base_channels=4)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    run = Trainer(net, NOISES, TrainConfig(epochs=1, batch_size=2, lr=1e-3, ema_decay=0.9))
    result = run.fit()
    assert run.total == 2
    for name, tensor in net.state_dict().items():
        still = frozen and name.startswith("encoder.")
        assert tensor.equal(before[name]) is still, name
        assert not still or result.state_dict()[name].equal(before[name]), name
    net.train()
    assert {m.training for m in net.encoder.modules()} == {not frozen}
    assert all(m.training for m in net.ups.modules())


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("how", ["normal", "he"])
def test_initialise_draws_the_decoder_alone(small, how, wrap):
    before = {name: tensor.clone() for name, tensor in small.state_dict().items()}
    init_weights(nn.Sequential(small) if wrap else small, how, seed=11 + wrap)
    for name, tensor in small.state_dict().items():
        if name.startswith("encoder."):
            assert tensor.equal(before[name]), name
        elif tensor.ndim == 4:
            assert not tensor.equal(before[name]), name
    if how == "normal":
        assert small.ups[0][0].weight.std().item() == pytest.approx(0.02, rel=0.05)


@settings(deadline=None, max_examples=12)
@given(h=st.integers(32, 80), w=st.integers(32, 80))
def test_any_size(small, h, w):
    with torch.no_grad():
        answer = small(noise(1, 1, h, w))
    assert answer.shape == (1, 2, h, w) and answer.abs().max() <= 1


def test_pretrained_weights_come_from_the_file_that_the_error_names(encoder, monkeypatch, tmp_path):
    from torchvision import models

    def blocked(*args, **kwargs):
        raise URLError("no route to host")

    monkeypatch.setattr(torch.hub, "_hub_dir", None, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", blocked)
    place = tmp_path / "hub/checkpoints" / FILES[encoder]
    with pytest.raises(OSError) as caught:
        EncoderUNet(encoder, pretrained=True)
    message = str(caught.value)
    assert "\n" not in message and f"weights of {encoder} could not be had" in message
    for words in ("no route to host", "pretrained=False", f"at {place}", "https://"):
        assert words in message

    with backbones.fork_rng(77):
        published = models.get_model(encoder, weights=None)
    place.parent.mkdir(parents=True, exist_ok=True)
    torch.save(published.state_dict(), place)
    net, other = (
        EncoderUNet(encoder, pretrained=True, base_channels=2),
        EncoderUNet(encoder, base_channels=2),
    )
    known = {tensor.sum().item() for tensor in published.state_dict().values() if tensor.ndim == 4}
    for ours, random in zip(net.encoder.parameters(), other.encoder.parameters(), strict=True):
        if ours.ndim == 4:
            assert ours.sum().item() in known and not ours.equal(random)
    if encoder == "resnet18":
        first = FastaiUNet(32, pretrained=True).unet.layers[0][0].weight
        assert torch.allclose(first, published.conv1.weight.sum(1, keepdim=True), atol=1e-6)


@pytest.mark.parametrize("damage", ["empty", "other"])
def test_a_damaged_file_is_no_random_encoder(damage, monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "_hub_dir", None, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    place = tmp_path / "hub/checkpoints" / FILES["resnet18"]
    place.parent.mkdir(parents=True)
    torch.save(nn.Linear(1, 1).state_dict(), place)
    if damage == "empty":
        place.write_bytes(b"")
    with pytest.raises(OSError, match="weights of resnet18 could not be had"):
        EncoderUNet("resnet18", pretrained=True)


def test_wrong_words_are_refused():
    with pytest.raises(
        ValueError, match="encoder='vgg16'; expected 'mobilenet_v2' or 'densenet121' or 'resnet18'"
    ):
        EncoderUNet("vgg16")
