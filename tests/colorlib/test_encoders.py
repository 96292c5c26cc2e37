"""Paper 002's pix2pix generators, their encoders against those of segmentation-models-pytorch."""

import copy
from urllib.error import URLError

import pytest
import torch
from generator_cases import count, noise, perturbed, state_copy, train_two_steps
from torch import nn

from colorlib.encoders import STAGE_CHANNELS, EncoderUNet, encoder_stages
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


@pytest.fixture
def torch_home(monkeypatch, tmp_path):
    """Make torch look for downloaded weights in an empty folder."""
    monkeypatch.setattr(torch.hub, "_hub_dir", None, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub/checkpoints"
    folder.mkdir(parents=True)
    return folder


def reference_encoder(encoder):
    """Return the independent encoder with batch norm statistics of its own."""
    from segmentation_models_pytorch.encoders import get_encoder

    with torch.random.fork_rng([]):
        torch.manual_seed(3)
        net = get_encoder(encoder, weights=None)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1, generator=torch.Generator().manual_seed(1))
            module.running_var.uniform_(0.5, 2, generator=torch.Generator().manual_seed(2))
    return net.eval()


def test_stages_equal_an_independent_encoder(encoder):
    """At 1/32 its feature comes later than ours in MobileNet, and before the ReLU in DenseNet."""
    ours, other, rgb = (
        encoder_stages(encoder).eval(),
        reference_encoder(encoder),
        noise(2, 3, 64, 96),
    )
    mobilenet = encoder == "mobilenet_v2"
    left_out = "features.18." if mobilenet else "nothing"
    weights = [value for name, value in other.state_dict().items() if not name.startswith(left_out)]
    ours.load_state_dict(dict(zip(ours.state_dict(), weights, strict=True)))
    seen = []
    if mobilenet:
        other.features[17].register_forward_hook(lambda m, args, out: seen.append(out))
    with torch.no_grad():
        expected = other(rgb)[1:]
        expected[-1] = seen[0] if mobilenet else expected[-1].relu()
        x = rgb
        for stage, channels, feature in zip(ours, STAGE_CHANNELS[encoder], expected, strict=True):
            x = stage(x)
            assert x.shape[1] == channels and feature.std() > 0
            assert torch.allclose(x, feature, atol=1e-4)
    assert count(ours) == count(other) - (count(other.features[18]) if mobilenet else 0)


@pytest.mark.parametrize("out_channels", [2, 3])
def test_parameter_counts_follow_a_formula(encoder, out_channels):
    with torch.device("meta"):
        net = EncoderUNet(encoder, out_channels)
        total = count(encoder_stages(encoder))
    *skips, channels = STAGE_CHANNELS[encoder]
    for out, skip in zip((512, 256, 128, 64), reversed(skips), strict=True):
        total += 16 * channels * out + 2 * out
        channels = out + skip
    assert count(net) == total + 16 * channels * out_channels + out_channels


def test_layers_and_shapes_are_those_of_the_paper(encoder):
    shapes = []
    with torch.device("meta"):
        net = EncoderUNet(encoder, dropout=0.3)
        for module in (*net.encoder, *net.up_blocks, net.head):
            module.register_forward_hook(lambda m, args, out: shapes.append(tuple(out.shape[1:])))
        assert net(torch.zeros(1, 1, 256, 256)).shape == (1, 2, 256, 256)
    down = [(c, 128 >> k, 128 >> k) for k, c in enumerate(STAGE_CHANNELS[encoder])]
    up = [(512, 16, 16), (256, 32, 32), (128, 64, 64), (64, 128, 128), (2, 256, 256)]
    assert shapes == down + up
    for block in net.up_blocks:
        assert [type(m) for m in block] == [nn.ConvTranspose2d, nn.BatchNorm2d, nn.Dropout, nn.ReLU]
        assert block[2].p == 0.3 and block[0].bias is None
    assert net.head.bias is not None


def test_every_skip_is_used():
    net, L = perturbed(EncoderUNet("resnet18", base_channels=4)), noise(1, 1, 64, 64)
    with torch.no_grad():
        before = net(L)
        for k in range(5):
            changed = copy.deepcopy(net)
            following = changed.encoder[k + 1][0] if k < 4 else changed.up_blocks[0]
            # the next module sees the same as before: a change can only come through the skip
            seen = []
            following.register_forward_pre_hook(
                lambda m, args, seen=seen: (seen[0],) if seen else seen.append(args[0].clone())
            )
            changed(L)
            changed.encoder[k].register_forward_hook(lambda m, args, out: out + 1)
            assert torch.equal(changed(L), before) is (k == 4)  # the innermost has no skip


def test_imagenet_input_equals_torchvision():
    import torchvision.transforms.functional as T

    L = noise(2, 1, 5, 4)
    expected = T.normalize(((L + 1) / 2).repeat(1, 3, 1, 1), backbones.MEAN, backbones.STD)
    assert torch.allclose(backbones.to_imagenet_input(L), expected, atol=1e-6)


@pytest.mark.parametrize("frozen", [True, False])
def test_only_a_frozen_encoder_stays_bitwise_equal(frozen):
    net = EncoderUNet("mobilenet_v2", frozen=frozen, base_channels=4)
    before = state_copy(net)
    result = train_two_steps(net, 64)
    for name, tensor in net.state_dict().items():
        unchanged = frozen and name.startswith("encoder.")
        assert tensor.equal(before[name]) is unchanged, name
        assert not unchanged or result.state_dict()[name].equal(before[name]), name
    net.train()
    assert {m.training for m in net.encoder.modules()} == {not frozen}
    assert all(m.training for m in net.up_blocks.modules())


def test_pretrained_weights_come_from_the_named_file(encoder, monkeypatch, torch_home):
    from torchvision import models

    def blocked(*args, **kwargs):
        raise URLError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", blocked)
    path = torch_home / FILES[encoder]
    with pytest.raises(OSError) as caught:
        EncoderUNet(encoder, pretrained=True)
    message = str(caught.value)
    assert "\n" not in message and f"weights of {encoder} could not be loaded" in message
    for words in ("no route to host", "pretrained=False", f"at {path}", "https://"):
        assert words in message

    with backbones.seeded_weights(77):
        published = models.get_model(encoder, weights=None)
    torch.save(published.state_dict(), path)
    net = EncoderUNet(encoder, pretrained=True, base_channels=2)
    random = EncoderUNet(encoder, base_channels=2)
    known = {tensor.sum().item() for tensor in published.state_dict().values() if tensor.ndim == 4}
    for ours, other in zip(net.encoder.parameters(), random.encoder.parameters(), strict=True):
        if ours.ndim == 4:
            assert ours.sum().item() in known and not ours.equal(other)
    if encoder == "resnet18":
        first = FastaiUNet(32, pretrained=True).unet.layers[0][0].weight
        assert torch.allclose(first, published.conv1.weight.sum(1, keepdim=True), atol=1e-6)


@pytest.mark.parametrize("damage", ["empty", "other"])
def test_damaged_file_is_never_a_random_encoder(damage, torch_home):
    path = torch_home / FILES["resnet18"]
    torch.save(nn.Linear(1, 1).state_dict(), path)
    if damage == "empty":
        path.write_bytes(b"")
    with pytest.raises(OSError, match="weights of resnet18 could not be loaded"):
        EncoderUNet("resnet18", pretrained=True)


def test_unknown_encoder_is_refused():
    words = "encoder='vgg16'; expected 'mobilenet_v2' or 'densenet121' or 'resnet18'"
    with pytest.raises(ValueError, match=words):
        EncoderUNet("vgg16")
