"""Times gradient and Hessian-vector product of PyTorch, one thread: python networks.py, JSON on standard output, milliseconds."""
import json, time
import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)
NETWORKS = {
    "MLP 784-300-100-10, batch 256": (256, (784,), nn.Sequential(nn.Linear(784, 300), nn.ReLU(), nn.Linear(300, 100), nn.ReLU(), nn.Linear(100, 10))),
    "LeNet 6-16-120-84-10, batch 128": (128, (1, 28, 28), nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))),
}


def best(run, rounds=30):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - start))
    return min(times)


result = {}
for name, (batch, shape, net) in NETWORKS.items():
    x, y = torch.randn(batch, *shape), torch.randint(0, 10, (batch,))
    parameters = list(net.parameters())
    vector = [torch.randn_like(p) for p in parameters]
    loss = lambda: nn.functional.cross_entropy(net(x), y)

    def product():
        gradients = torch.autograd.grad(loss(), parameters, create_graph=True)
        torch.autograd.grad(sum((g * v).sum() for g, v in zip(gradients, vector)), parameters)

    result[name] = {"gradient": best(lambda: torch.autograd.grad(loss(), parameters)), "product": best(product)}
print(json.dumps(result))
