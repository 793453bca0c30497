import numpy as np
import pytest
import torch

from contourflow_trainer.errors import TrainerError
from contourflow_trainer.networks import SourceModel, build_network, output_channel_axes, transfer_weights
from contourflow_trainer.regions import channel_pairs, folded_name, mask_to_channels, prediction_values
from contourflow_trainer.specs import RegionClass, parse_classes
from contourflow_trainer.starter_bundle import NETWORK

LIVER = RegionClass(1, 10, "Liver")
SPLEEN = RegionClass(2, 20, "Spleen")
KIDNEY = RegionClass(3, 30, "Kidney")
SEGRESNET = {"name": "SegResNet", "initFilters": 8, "blocksDown": [1, 1], "blocksUp": [1]}


def test_mask_values_become_contiguous_classes() -> None:
    mask = np.array([[0, 10], [30, 20]], dtype=np.uint16)
    assert mask_to_channels(mask, [LIVER, SPLEEN, KIDNEY], "c1").tolist() == [[0, 1], [3, 2]]


def test_a_value_without_a_class_is_refused_by_name_of_the_case() -> None:
    with pytest.raises(TrainerError, match=r"case c1 holds \[7\].*\[0, 10, 20\]") as caught:
        mask_to_channels(np.array([0, 7, 10]), [LIVER, SPLEEN], "c1")
    assert caught.value.code == "UnmappedRegion"


def test_names_compare_after_folding() -> None:
    assert folded_name("  LEFT   Kidney ") == folded_name("left kidney")
    assert folded_name("Ho\u0308cker") == folded_name("H\u00f6cker")


def test_channels_pair_by_name_and_never_by_position() -> None:
    reordered = [RegionClass(1, 5, "KIDNEY"), RegionClass(2, 6, "Pancreas"), RegionClass(3, 7, "liver ")]
    assert channel_pairs([LIVER, SPLEEN, KIDNEY], reordered) == [(0, 0), (3, 1), (1, 3)]


def test_predictions_use_the_reported_mask_values() -> None:
    reported = [RegionClass(1, 4, "kidney"), RegionClass(2, 9, "Liver")]
    assert prediction_values([LIVER, SPLEEN, KIDNEY], reported) == [0, 9, 0, 4]


def test_class_indices_must_follow_the_mask_values() -> None:
    with pytest.raises(TrainerError, match="ascending"):
        parse_classes([{"index": 1, "maskValue": 20, "name": "Spleen"}, {"index": 2, "maskValue": 10, "name": "Liver"}])


@pytest.mark.parametrize("definition", [NETWORK, NETWORK | {"norm": "batch", "numResUnits": 0}, SEGRESNET])
def test_a_reordered_head_computes_the_same_regions(definition: dict[str, object]) -> None:
    """Without the last block's own mixing of channels, logits of shared regions are equal, wherever they moved."""
    source = [LIVER, SPLEEN, KIDNEY]
    target = [RegionClass(1, 5, "Kidney"), RegionClass(2, 6, "Liver"), RegionClass(3, 7, "Spleen")]
    torch.manual_seed(1)
    old = build_network(definition, 3).eval()
    torch.manual_seed(2)
    new = build_network(definition, 3).eval()
    taken, left = transfer_weights(new, definition, target, SourceModel("m.v1", old.state_dict(), source))
    assert (taken, left) == (len(old.state_dict()), 0)
    image = torch.rand(1, 1, 16, 16, 16)
    with torch.no_grad():
        before, after = old(image), new(image)
    torch.testing.assert_close(after, before[:, [0, 3, 1, 2]], atol=1e-5, rtol=1e-5)


def test_an_added_region_keeps_the_others_and_starts_fresh() -> None:
    target = [LIVER, SPLEEN, KIDNEY, RegionClass(4, 40, "Pancreas")]
    old, new = build_network(NETWORK, 3), build_network(NETWORK, 4)
    fresh = {key: value.clone() for key, value in new.state_dict().items()}
    transfer_weights(new, NETWORK, target, SourceModel("m.v1", old.state_dict(), [LIVER, SPLEEN, KIDNEY]))
    heads = [key for key, axes in output_channel_axes(NETWORK, 4).items() if axes]
    assert heads
    for key, value in new.state_dict().items():
        if key not in heads:
            assert torch.equal(value, old.state_dict()[key]), key
        elif value.dim() == 1:
            assert torch.equal(value[:4], old.state_dict()[key]), key
            assert torch.equal(value[4:], fresh[key][4:]), key


def test_a_model_of_another_network_is_refused() -> None:
    weights = build_network(SEGRESNET, 1).state_dict()
    with pytest.raises(TrainerError, match=r"no tensor of m\.v1") as caught:
        transfer_weights(build_network(NETWORK, 1), NETWORK, [LIVER], SourceModel("m.v1", weights, [LIVER]))
    assert caught.value.code == "InvalidModel"
