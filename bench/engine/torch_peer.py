"""torch as a peer."""

import numpy as np
import torch

from line_protocol import decline, read_settings, serve
from torch_networks import build


def main():
    settings = read_settings()
    torch.set_num_threads(settings["threadCount"])
    size, batch = settings["imageSizePx"], settings["batchSize"]
    try:
        model, frozen = build(settings["network"], settings["classCount"])
    except ModuleNotFoundError as error:
        decline(f"{error} (Debian: apt-get install python3-torchvision)")
        return
    parameter_count = count(model)
    model.train(settings["work"] != "inference")
    if settings["work"] == "head":
        for part in frozen:
            part.eval().requires_grad_(False)
    model.to(memory_format=torch.channels_last)
    # A permuted NHWC array is what channels_last means.
    images = torch.from_numpy(np.fromfile(settings["inputFile"], np.float32).reshape(batch, size, size, 3))
    images = images.permute(0, 3, 1, 2)
    labels = torch.arange(batch) % settings["classCount"]
    if settings["work"] == "inference":
        model.requires_grad_(False)
        step = inference_step(model, images)
    else:
        step = train_step(model, images, labels)
    serve(step, f"torch {torch.__version__}", parameter_count, count(model))


def count(model):
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def inference_step(model, images):
    def step():
        with torch.inference_mode():
            return model(images)[0, 0].item()

    return step


def train_step(model, images, labels):
    optimizer = torch.optim.Adam([each for each in model.parameters() if each.requires_grad], lr=1e-4)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


main()
