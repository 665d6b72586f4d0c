"""Perturbed images by SciPy: maps from the random numbers that genmi draws, which are made before the time begins."""

from collections.abc import Callable

import numpy as np
import scipy
from scipy.ndimage import affine_transform, gaussian_filter, map_coordinates
from serve import Answer, Contestant, project, read, serve

# As in bench/kernels/genmi.ts.
AMPLITUDE, SIGMA = 4, 2
ROTATION, SCALE, SHIFT = 25, 0.2, 0.1


def splitmix(states: np.ndarray, step: int) -> np.ndarray:
    """The draw with this number of each sequence: Steele, Lea, Flood, 2014."""
    bits = states + np.uint64((step + 1) * 0x9E3779B97F4A7C15 % 2**64)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def draws(n: int, count: int) -> np.ndarray:
    """Bits of each copy, n x count, for the seed 0; the first draw decides whether an image is perturbed."""
    first = splitmix(np.zeros(1, np.uint64), 0) ^ np.arange(n, dtype=np.uint64)
    states = splitmix(first, 0)
    return np.stack([splitmix(states, step + 1) for step in range(count)], axis=1)


def noise(n: int, side: int) -> np.ndarray:
    bits = draws(n, side * side).reshape(n, side, side)
    both = [each >> np.uint64(39) | np.uint64(1) for each in (bits, bits << np.uint64(32))]
    return (np.stack(both, axis=1).astype(np.float32) - 2**24) * np.float32(AMPLITUDE / 2**24)


def elastic(images: np.ndarray) -> Callable[[], np.ndarray]:
    displacements = noise(len(images), images.shape[1])
    places = np.mgrid[: images.shape[1], : images.shape[2]].astype(np.float32)

    def compute():
        copies = np.empty_like(images)
        for image, displacement, copy in zip(images, displacements, copies):
            field = [gaussian_filter(each, SIGMA) for each in displacement]
            map_coordinates(image, places + field, copy, order=1, mode="nearest")
        return copies

    return compute


def affine(images: np.ndarray) -> Callable[[], np.ndarray]:
    shares = ((draws(len(images), 5) >> np.uint64(11)) + 0.5) * 2.0**-53
    angles, scales = np.deg2rad(ROTATION * (2 * shares[:, 0] - 1)), 1 + SCALE * (2 * shares[:, 1] - 1)
    shifts = SHIFT * (2 * shares[:, 3:] - 1) * images.shape[1:]
    middle = (np.array(images.shape[1:]) - 1) / 2

    def compute():
        copies = np.empty_like(images)
        for image, angle, scale, shift, copy in zip(images, angles, scales, shifts, copies):
            cosine, sine = np.cos(angle) / scale, np.sin(angle) / scale
            matrix = np.array([[cosine, sine], [-sine, cosine]])
            offset = middle - matrix @ (middle + shift)
            affine_transform(image, matrix, offset, output=copy, order=1, mode="nearest")
        return copies

    return compute


def prepare(inputs: str, map: str, n: int, d: int, precision: str, threads: int) -> dict[str, Contestant]:
    del threads  # scipy has one
    side = int(np.sqrt(d))
    images = read(inputs, f"x-{n}-{d}", [n * d], precision)[: n * side * side].reshape(n, side, side)

    def summarise(copies) -> list[Answer]:
        return [project(inputs, copies.reshape(n, -1))]

    return {"scipy": ((elastic if map == "elastic" else affine)(images), summarise)}


serve({"scipy": scipy.__version__}, prepare)
