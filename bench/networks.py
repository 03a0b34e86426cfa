"""Times gradient and Hessian-vector product of PyTorch, one thread: for each line "what\tname" on standard input a line with the
milliseconds of one run; for "memory" the peak of the resident set in megabytes."""
import resource, sys, time
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


def runs(batch, shape, net):
    x, y = torch.randn(batch, *shape), torch.randint(0, 10, (batch,))
    parameters = list(net.parameters())
    vector = [torch.randn_like(p) for p in parameters]
    loss = lambda: nn.functional.cross_entropy(net(x), y)

    def product():
        gradients = torch.autograd.grad(loss(), parameters, create_graph=True)
        torch.autograd.grad(sum((g * v).sum() for g, v in zip(gradients, vector)), parameters)

    return {"gradient": lambda: torch.autograd.grad(loss(), parameters), "product": product}


networks = {name: runs(*network) for name, network in NETWORKS.items()}
for line in sys.stdin:
    what, _, name = line.rstrip("\n").partition("\t")
    if what == "memory":
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000, flush=True)
        continue
    start = time.perf_counter()
    networks[name][what]()
    print(1000 * (time.perf_counter() - start), flush=True)
