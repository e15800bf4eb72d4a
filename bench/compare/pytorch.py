"""
The workloads of bench peers in PyTorch, on as many threads as its first argument says. Speaks the protocol of serve.ts.
May not: compile or quantise; gradients by torch.autograd, Jacobians by torch.autograd.functional, vectorised.
"""
import base64
import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch.autograd.functional import hessian, hvp, jacobian

try:
    from torch.func import jacfwd
except ImportError:
    from functorch import jacfwd

torch.set_num_threads(int(sys.argv[1]))
RATE = 0.01


def step(v, logits):
    names = [n for n in v if n[0] in "wbcg"]
    weights = [v[n].requires_grad_() for n in names]

    def run():
        loss = -(torch.log_softmax(logits(v, v["x"]), 1) * v["t"]).sum() / v["t"].shape[0]
        slopes = torch.autograd.grad(loss, weights)
        with torch.no_grad():
            return {"loss": loss, **{n: w - RATE * s for n, w, s in zip(names, weights, slopes)}}

    return run


def dense(v, h):
    i = 0
    while f"w{i}" in v:
        h = h @ v[f"w{i}"] + v[f"b{i}"]
        i += 1
        if f"w{i}" in v:
            h = torch.relu(h)
    return h


def lenet(v, x):
    for c in ("c0", "c1"):
        x = F.max_pool2d(torch.relu(F.conv2d(x, v[c], padding=2)), 2)
    return dense(v, x.reshape(x.shape[0], -1))


def chain(v):
    x = v["x"].requires_grad_()

    def run():
        y = (torch.tanh(v["a"] * x + v["b"]) * torch.exp(-x * x)).sum()
        return {"y": y, "dx": torch.autograd.grad(y, x)[0]}

    return run


def norm(x):
    c = x - x.mean(-1, keepdim=True)
    return c / torch.sqrt((c * c).mean(-1, keepdim=True) + 1e-5)


def transformer(v):
    names = [n for n in v if n[0] in "wg"]
    weights = [v[n].requires_grad_() for n in names]

    def run():
        x = v["x"]
        b, n, d = x.shape
        h = norm(x) * v["g0"]
        q, k, u = ((h @ v[w]).reshape(b, n, 4, d // 4).transpose(1, 2) for w in ("wq", "wk", "wv"))
        scores = torch.softmax(q @ k.transpose(2, 3) / (d / 4) ** 0.5, -1)
        y = x + (scores @ u).transpose(1, 2).reshape(b, n, d) @ v["wo"]
        out = y + torch.tanh((norm(y) * v["g1"]) @ v["w0"]) @ v["w1"]
        loss = (out * out).mean()
        return {"loss": loss, **dict(zip(names, torch.autograd.grad(loss, weights)))}

    return run


def layers(v, forward):
    def f(x):
        i = 0
        while f"w{i}" in v:
            x = torch.tanh(x @ v[f"w{i}"])
            i += 1
        return x

    if forward:  # that of torch.autograd.functional fails where sizes differ (1.13)
        push = jacfwd(f)
        return lambda: {"j": push(v["x"])}
    return lambda: {"j": jacobian(f, v["x"], vectorize=True)}


def rosenbrock(x):
    here, after = x[:-1], x[1:]
    return (100 * (after - here * here) ** 2 + (1 - here) ** 2).sum()


def lorenz(v):
    start, parameters = v["start"].requires_grad_(), v["parameters"].requires_grad_()
    steps = int(v["steps"])

    def run():
        x, y, z = start
        sigma, rho, beta = parameters
        for _ in range(steps):
            dx, dy, dz = sigma * (y - x), x * (rho - z) - y, x * y - beta * z
            x, y, z = x + 0.005 * dx, y + 0.005 * dy, z + 0.005 * dz
        a, b = torch.autograd.grad(x * x + y * y + z * z, (start, parameters))
        return {"start": a, "parameters": b}

    return run


kinds = {
    "product": lambda v: lambda: {"c": v["a"] @ v["b"]},
    "mlp": lambda v: step(v, dense),
    "lenet": lambda v: step(v, lenet),
    "chain": chain,
    "transformer": transformer,
    "jacobian-down": lambda v: layers(v, False),
    "jacobian-up": lambda v: layers(v, True),
    "rosenbrock-hvp": lambda v: lambda: {"h": hvp(rosenbrock, v["x"], v["v"])[1]},
    "rosenbrock-hessian": lambda v: lambda: {"h": hessian(rosenbrock, v["x"], vectorize=True)},
    "lorenz": lorenz,
}


def decode(value):
    return torch.tensor(np.frombuffer(base64.b64decode(value["data"]), np.float32).reshape(value["shape"]))


def encode(value):
    return base64.b64encode(np.ascontiguousarray(value.detach().numpy(), np.float32).tobytes()).decode()


run = None


def answer(message):
    global run
    if "kind" in message:
        run = kinds[message["kind"]]({n: decode(v) for n, v in message["data"].items()})
        began = time.process_time()
        outputs = run()
        ms = 1e3 * (time.process_time() - began)
        return {"ms": ms, "outputs": {n: encode(v) for n, v in outputs.items()}}
    if "slice" in message:
        runs, began = 0, time.process_time()
        end = time.perf_counter() + message["slice"] / 1e3
        while runs == 0 or time.perf_counter() < end:
            run()
            runs += 1
        return {"ms": 1e3 * (time.process_time() - began) / runs, "runs": runs}
    return {"version": torch.__version__}


for line in sys.stdin:
    try:
        reply = answer(json.loads(line))
    except Exception as error:  # told to whoever asked
        reply = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(reply), flush=True)
