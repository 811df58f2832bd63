"""The GAN at toy size: both networks learn in one step, it stops and resumes, is filmed, saved and loaded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from explorer.miniature import gan as pairs
from explorer.miniature import story, world
from explorer.miniature.oracle import Oracle
from explorer.miniature.oracle import load as load_oracle
from explorer.miniature.recipe import autoencoder as ae
from explorer.miniature.recipe import data, loop, score, unet
from explorer.miniature.recipe import gan as adversaries
from explorer.miniature.recipe.camera import Camera
from explorer.miniature.recipe.files import load_torch

AE_SIZE: dict[str, Any] = {
    "block_out_channels": (8, 8, 8, 8),
    "latent_channels": unet.LATENT,
    "layers_per_block": 1,
    "norm_num_groups": 4,
}
SIZE: dict[str, Any] = {"text": 16, "style": 16, "generator": (16, 16, 16), "thing": 16, "discriminator": (16, 16, 16)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("toy")
    data.render(made / "pictures", 12, workers=1)
    torch.manual_seed(0)
    unet.cache(made / "cache", data.Pictures(made / "pictures"), ae.build(AE_SIZE))
    return made


def stage(folder: Path, **changes: Any) -> adversaries.Adversaries:
    torch.manual_seed(0)
    vae = ae.build(AE_SIZE).eval().requires_grad_(False)
    torch.manual_seed(1)
    return adversaries.Adversaries(
        data.Pictures(folder / "pictures"),
        folder / "cache",
        vae,
        Oracle(4).eval(),
        **{"size": SIZE, "batch": 4, "judged": 3, "tried": 2} | changes,
    )


def test_words_are_read_and_others_left_out() -> None:
    rows = pairs.indices(["a red dog", "A RED, dog!", "a quixotic red dog", "", "red " * 50])
    assert rows.shape == (5, pairs.LENGTH)
    assert torch.equal(rows[0], rows[1])
    assert torch.equal(rows[0], rows[2])
    assert [pairs.WORDS[int(n)] for n in rows[0, :4]] == ["a", "red", "dog", ""]
    assert int(rows[3].sum()) == 0
    assert bool((rows[4] > 0).all())
    reader = pairs.Reader(16).eval()
    found = reader(rows)
    assert found.whole.shape == (5, 16)
    assert found.things.shape == (5, 2, 16)
    assert found.there.shape == (5, 2)
    assert all(torch.isfinite(part).all() for part in found)
    order = reader(pairs.indices(["a red dog left of a blue cat", "a blue dog left of a red cat"]))
    assert not torch.allclose(order.whole[0], order.whole[1])
    assert not torch.allclose(order.things[0], order.things[1])


def test_one_step_gives_each_network_its_own_gradient(folder: Path) -> None:
    one = stage(folder)
    pair = one.network.pair
    torch.manual_seed(5)
    loss, parts = one.loss(1, 0.0)  # an odd step: no penalty
    loss.backward()
    got = {name: p.grad.clone() for name, p in one.network.named_parameters() if p.grad is not None}

    # The same by hand, from two passes, as textbooks have it.
    real, words, asked = one._batch(1)
    torch.manual_seed(5)
    one.network.zero_grad()
    read = pair.reader(words)
    text = read.whole
    half, noise = 3, torch.randn(len(real), pairs.NOISE)
    mean, spread = one.network.hint(real[:half], text[:half].detach())
    hinted = mean + (spread / 2).exp() * noise[:half]
    painted = pair.generator(torch.cat([hinted, noise[half:]]), read.apart(), asked.there.float())
    drawn, covers, there = painted.latents, asked.covers[:half], asked.there[:half]
    counts = 1 + adversaries.FOCUS * covers.amax(1, keepdim=True)
    practice = (counts * (drawn[:half] - real[:half]) ** 2).mean() / counts.mean()
    told = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, (spread / 2).exp()), torch.distributions.Normal(0.0, 1.0)
    )
    practice = practice + 2 * adversaries.BLUR * told.sum(1).mean() / real[0].numel()
    practice = practice + (painted.boxes[:half][there] - asked.boxes[:half][there]).abs().mean()
    shares = painted.covers[:half][there].clamp(1e-4, 1 - 1e-4)
    practice = practice + F.binary_cross_entropy(shares, covers[there])
    answer, _, whole = pair.discriminator(drawn, text.detach(), asked.names)
    named = adversaries.named(whole, asked)
    aim = F.softplus(-answer).mean()
    aim = aim + adversaries.SIGHT * (named["subject"] + named["colour"] + 0.3 * named["rest"])
    aim = aim + adversaries.PRACTICE * practice
    aim.backward()
    for part, network in (("pair.generator", pair.generator), ("hint", one.network.hint)):
        for name, p in network.named_parameters():
            assert torch.allclose(got[f"{part}.{name}"], p.grad, atol=1e-5), name
    one.network.zero_grad()
    read = pair.reader(words)
    text = read.whole
    says, seen, whole = pair.discriminator(real, text, asked.names)
    loss = F.softplus(-says).mean() + F.softplus(pair.discriminator(drawn.detach(), text)[0]).mean()
    subject, colour = unet.seen_loss(seen, asked.cells, asked.names, asked.colours)
    loss = loss + 3 * subject + 2 * adversaries.recognised(seen, asked) + colour
    loss = loss + 0.3 * sum(F.cross_entropy(whole[k], asked.whole[k]) for k in pairs.HEADS)
    surprise, times = torch.tensor(0.0), 0
    for row in range(len(real)):
        for n in {int(asked.names[row, 0]): 0, int(asked.names[row, 1]): 1}.values():
            surprise = surprise - whole["subject"][row].log_softmax(0)[asked.names[row, n]]
            surprise = surprise - whole["colour"][row, n].log_softmax(0)[asked.colours[row, n]]
            surprise = surprise - np.log(2 if asked.names[row, 0] != asked.names[row, 1] else 1)
            times += 1
    loss = loss + surprise / times
    (loss + one._understanding(read, asked)).backward()
    for part in ("discriminator", "reader"):
        for name, p in getattr(pair, part).named_parameters():
            assert torch.allclose(got[f"pair.{part}.{name}"], p.grad, atol=1e-5), name
    assert parts["generator"] > 0


def test_the_penalty_is_the_squared_slope(folder: Path) -> None:
    one = stage(folder)

    class Slope(torch.nn.Module):
        def forward(self, x: Tensor, text: Tensor, names: Any = None) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
            n = len(x)
            counts = {k: (n, len(c)) for k, c in pairs.HEADS.items()}
            counts |= {"subject": (n, len(world.SUBJECTS)), "colour": (n, 2, len(world.COLOURS))}
            seen = torch.zeros(n, 1 + len(world.SUBJECTS) + len(world.COLOURS), 8, 8) + 0 * x.mean()
            return 3 * x[:, 0, 0, 0], seen, {k: torch.zeros(size) for k, size in counts.items()}

    one.network.pair.discriminator = Slope()
    torch.manual_seed(0)
    found = [one.loss(2 * n, 0.0)[1]["slope"] for n in range(60)]
    assert np.mean(found) == pytest.approx(9, rel=0.3)
    assert one.loss(1, 0.0)[1]["slope"] == 0
    assert stage(folder, balanced=False).loss(0, 0.0)[1]["slope"] == 0


def test_cells_without_a_subject_do_not_count_for_recognition() -> None:
    scene = world.Scene((world.Subject("dog", "red"),))
    covers = torch.zeros(1, 2, 16, 16)
    covers[0, 0, 2:4, 4:8] = 1
    asked = adversaries.ask([scene], [None], covers)
    assert asked.cells[0, 0].nonzero().tolist() == [[1, 2], [1, 3]]
    seen = torch.zeros(1, 1 + len(world.SUBJECTS) + len(world.COLOURS), 8, 8)
    assert float(adversaries.recognised(seen, asked)) == pytest.approx(np.log(1 + len(world.SUBJECTS)))
    seen[0, 1 + world.SUBJECTS.index("dog"), 1, 2:4] = 20
    assert float(adversaries.recognised(seen, asked)) < 1e-3
    seen[0, 1 + world.SUBJECTS.index("cat"), 3:] = 20  # elsewhere
    assert float(adversaries.recognised(seen, asked)) < 1e-3


def test_naming_rewards_the_right_subject_in_the_right_colour() -> None:
    scene = world.Scene((world.Subject("dog", "red"), world.Subject("house", "blue")), place="city", seed=0)
    caption = world.Caption("", (world.Word(0, 1, "subject", 0), world.Word(0, 1, "colour", 0)))
    asked = adversaries.ask([scene] * 3, [caption] * 3, torch.zeros(3, 2, 16, 16))
    assert asked.said.tolist() == asked.hued.tolist() == [[True, False]] * 3
    assert not asked.told["place"].any()
    rows = []
    for what, hue in [("dog", "red"), ("dog", "blue"), ("cat", "red")]:
        whole = {k: torch.zeros(1, len(c)) for k, c in pairs.HEADS.items()}
        whole |= {"subject": torch.zeros(1, len(world.SUBJECTS)), "colour": torch.zeros(1, 2, len(world.COLOURS))}
        whole["subject"][0, world.SUBJECTS.index(what)] = 9
        whole["colour"][0, 0, world.COLOURS.index(hue)] = 9
        rows.append(adversaries.named(whole, adversaries.ask([scene], [caption], torch.zeros(1, 2, 16, 16))))
    assert float(rows[0]["subject"]) < 0.1 < 3 < float(rows[2]["subject"])
    assert float(rows[0]["colour"]) < 0.1 < 3 < float(rows[1]["colour"])
    assert float(rows[0]["rest"]) == 0
    silent = adversaries.ask([scene], [None], torch.zeros(1, 2, 16, 16))
    nothing = adversaries.named(whole, silent)
    assert all(float(v) == 0 for v in nothing.values())
    told = adversaries.everything(silent)
    assert told.said.tolist() == told.hued.tolist() == [[True, True]]
    both = adversaries.named(whole, told)
    assert float(both["rest"]) == pytest.approx(sum(np.log(len(c)) for c in pairs.HEADS.values()))


def test_things_are_told_apart_by_the_order_in_which_they_are_named() -> None:
    scene = world.Scene((world.Subject("dog", "red"), world.Subject("house", "blue")), relation="left of")
    covers = torch.zeros(2, 2, 16, 16)
    covers[:, 0, 4:12, 0:4] = 1  # the dog stands on the left
    covers[:, 1, 0:16, 8:16] = 1
    turned = world.Caption("", (world.Word(0, 1, "subject", 1), world.Word(2, 3, "subject", 0)))
    asked = adversaries.ask([scene, scene], [None, turned], covers)
    dog, house = world.SUBJECTS.index("dog"), world.SUBJECTS.index("house")
    assert asked.names.tolist() == [[dog, house], [house, dog]]
    assert torch.equal(asked.covers[1], covers[1].flip(0))
    assert torch.allclose(asked.boxes[0], torch.tensor([[-0.75, 0, 0.25, 0.5], [0.5, 0, 0.5, 1]]), atol=0.02)
    assert asked.said.tolist() == [[False, False], [True, True]]
    alone = adversaries.ask([world.Scene((world.Subject("dog", "red"),))], [turned], covers[:1])
    assert alone.there.tolist() == [[True, False]]
    assert alone.covers[0, 1].sum() == 0
    assert alone.said.tolist() == [[True, False]]


def test_a_thing_is_painted_in_its_own_frame() -> None:
    frames = pairs._frames(torch.tensor([[[0.5, 0.0, 0.25, 0.5], [0.0, 0.0, 1.0, 1.0]]]))[0]
    line = (torch.arange(16) + 0.5) / 8 - 1
    assert torch.allclose(frames[1, 0], line.expand(16, 16))
    assert torch.allclose(frames[1, 1], line[:, None].expand(16, 16))
    inside = (frames[0].abs() <= 1).all(0)
    assert inside.nonzero().min(0).values.tolist() == [4, 10]
    assert inside.nonzero().max(0).values.tolist() == [11, 13]


def test_a_discriminator_alone_learns_to_tell(folder: Path) -> None:
    one = stage(folder)
    loop.train(one, folder / "brief", loop.Plan(steps=60, rate=3e-3, warmup=1, betas=(0.0, 0.99)))
    first, last = one.sums["discriminator"][:5], one.sums["discriminator"][-5:]
    assert np.mean(last) < np.mean(first)
    assert (folder / "brief" / "gan-000060.png").stat().st_size > 1000


def test_a_stopped_training_goes_on_as_if_it_had_not_and_is_filmed(folder: Path, tmp_path: Path) -> None:
    plan = loop.Plan(steps=4, warmup=2, betas=(0.0, 0.99))
    whole = stage(folder)
    loop.train(whole, tmp_path / "whole", plan)
    stop = loop.Stop()
    first = stage(folder)
    inner = first.loss

    def halting(step: int, done: float) -> tuple[Tensor, dict[str, float]]:
        if step == 1:
            stop.now()
        return inner(step, done)

    first.loss = halting  # type: ignore[method-assign]
    loop.train(first, tmp_path / "parts", plan, stop)
    second = stage(folder)
    camera = Camera(tmp_path / "shots", 4, second.shoot, [0.0, 1.0])
    loop.train(second, tmp_path / "parts", plan, watch=camera)
    for (key, a), b in zip(whole.network.state_dict().items(), second.network.state_dict().values(), strict=True):
        assert torch.equal(a, b), key
    film = camera.film("gan", "A toy.", adversaries.FILMED)
    assert film.seen.tolist() == [8, 16]
    assert set(film.curves) == set(adversaries.CURVES)
    assert film.curves["verdicts"].shape == (2, len(adversaries.FILMED))
    assert film.curves["verdicts on unseen"].shape == (2, 3)
    for name in ("drawn", "training", "unseen", "right on unseen", "both", "variety"):
        assert ((film.curves[name] >= 0) & (film.curves[name] <= 1)).all()
    assert film.pictures.shape == (2, 12, 128, 128, 3)
    assert not np.array_equal(film.pictures[0, 0], film.pictures[0, -1])


def test_what_is_saved_draws_the_same(folder: Path, tmp_path: Path) -> None:
    one = stage(folder)
    loop.train(one, tmp_path, loop.Plan(steps=2, warmup=1))
    torch.manual_seed(0)
    vae = ae.build(AE_SIZE)
    vae.save_pretrained(tmp_path / "vae")
    lesson = adversaries.Lesson(SIZE)
    lesson.load_state_dict(load_torch(tmp_path / "gan.pt")["average"])
    pairs.save(lesson.pair, tmp_path / "gan")
    assert sorted(p.name for p in (tmp_path / "gan").iterdir()) == ["config.json", "gan.safetensors"]
    gan = pairs.Gan.load(tmp_path / "gan", tmp_path / "vae")
    pictures = gan.draw(["a red dog", "a red dog", "a blue cat"], seed=3)
    assert pictures.shape == (3, 128, 128, 3)
    assert pictures.dtype == np.uint8
    assert np.abs(gan.draw("a red dog", seed=4)[0].astype(int) - pictures[1]).max() <= 2  # its noise is seed + 1's
    assert not np.array_equal(pictures[0], pictures[1])
    assert (
        np.abs(pictures.astype(int) - pairs.Gan(lesson.pair, vae).draw(["a red dog"] * 2 + ["a blue cat"], 3)).mean()
        < 2
    )
    verdicts = gan.verdict(pictures, "a red dog")
    assert verdicts.shape == (3,)
    assert ((verdicts > 0) & (verdicts < 1)).all()
    assert gan.verdict(pictures[0]).shape == (1,)
    with pytest.raises(FileNotFoundError, match="There is no GAN in"):
        pairs.Gan.load(tmp_path / "none")
    other = ae.build(AE_SIZE | {"latent_channels": 4})
    with pytest.raises(ValueError, match="latents of 8 channels and the autoencoder has 4"):
        pairs.Gan(lesson.pair, other)


def test_variety_is_none_where_all_are_alike() -> None:
    same = np.full((4, 128, 128, 3), 100, np.uint8)
    assert adversaries.variety(same) == 0
    other = same.copy()
    other[2:] = 151
    assert adversaries.variety(other) == pytest.approx(51 / 255 * 4 / 6)


def test_the_shipped_gan_draws_what_it_is_told() -> None:
    gan, judge = pairs.Gan.load(), load_oracle()
    asked = [task for task in score.tasks(0.2) if task.group == "one subject" and not task.held_out]
    found = judge.verdicts(gan.draw([task.prompt for task in asked], 1000), [task.scene for task in asked])
    assert len(asked) >= 50
    assert np.mean([one["colour"] for one in found]) > 0.9
    assert np.mean([one["both"] for one in found]) > 0.5
    drawn = gan.verdict(gan.draw([task.prompt for task in asked], 1), [task.prompt for task in asked])
    scenes = adversaries.unseen(len(asked))
    real = gan.verdict(np.stack([world.render(s).image for s in scenes]), [world.caption(s).text for s in scenes])
    assert real.mean() > drawn.mean() + 0.1  # the discriminator still tells them apart, on drawings that it never saw


def test_the_shipped_gan_is_small() -> None:
    files = [p for p in pairs.HOME.rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) < 12e6
    size = sum(p.numel() for p in pairs.Pair().parameters())
    assert 2 * size < 12e6  # as it is kept, in float16
    names = {command.callback.__name__ for command in story.app.registered_commands if command.callback}
    assert {"gan", "export_gan", "measure_gan", "memorised", "make_index", "measure_copying"} <= names
