"""The miniature: a drawn world, a whole latent diffusion model small enough to ship, and the recipe that trains it."""

from pathlib import Path

FOLDER = Path(__file__).parent / "weights"
"""The shipped model: a diffusers pipeline folder, with the open_clip model in its `clip/`."""

UNSEEN = 100_000_000
"""Seeds of drawings from here on are never trained on: every measurement draws its pictures from them."""
