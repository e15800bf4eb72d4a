/**
 * The workloads of bench peers in jax-js, written as its documentation does: jitted where that is faster, ownership by `.ref`.
 * Invariant: the same sums as compare/cotangent.ts; of two ways of the library, its better one.
 * May not: be imported where jax-js is not installed.
 */
const RATE = 0.01

/** `library`: its module. */
export function peer(library) {
  const { blockUntilReady, grad, hessian, jit, jvp, lax, nn, numpy: np, tree, valueAndGrad, vjp, vmap } = library
  const dense = (p, h) => {
    let out = h
    for (let i = 0; p[`w${i}`]; i++) {
      const z = np.matmul(out, p[`w${i}`]).add(p[`b${i}`])
      out = p[`w${i + 1}`] ? nn.relu(z) : z
    }
    return out
  }
  const crossEntropy = (z, t) => {
    const rows = z.shape[0]
    return nn
      .logSoftmax(z, 1)
      .mul(t)
      .sum()
      .mul(-1 / rows)
  }
  const step = (logits) => {
    const loss = (p, x, t) => crossEntropy(logits(p, x), t)
    return jit((p, x, t) => {
      const [value, slopes] = valueAndGrad(loss)(tree.ref(p), x, t)
      return { loss: value, ...tree.map((a, b) => a.sub(b.mul(RATE)), p, slopes) }
    })
  }
  const pooled = (x, w) => {
    const [b, , h, v] = x.shape
    const channels = w.shape[0]
    const y = nn.relu(lax.conv(x, w, [1, 1], 'SAME'))
    return y.reshape([b, channels, h / 2, 2, v / 2, 2]).max([3, 5])
  }
  const norm = (x) => {
    const centred = x.ref.sub(np.mean(x, -1, { keepdims: true }))
    return centred.ref.div(np.sqrt(np.mean(np.square(centred), -1, { keepdims: true }).add(1e-5)))
  }
  const transformer = (p, x) => {
    const [b, n, d] = x.shape
    const h = norm(x.ref).mul(p.g0)
    const heads = (w) =>
      np
        .matmul(h.ref, w)
        .reshape([b, n, 4, d / 4])
        .transpose([0, 2, 1, 3])
    const [q, k, v] = [heads(p.wq), heads(p.wk), heads(p.wv)]
    h.dispose()
    const scores = np.matmul(q, k.transpose([0, 1, 3, 2])).mul(1 / Math.sqrt(d / 4))
    const mixed = np.matmul(nn.softmax(scores, -1), v).transpose([0, 2, 1, 3]).reshape([b, n, d])
    const y = x.add(np.matmul(mixed, p.wo))
    const inner = np.tanh(np.matmul(norm(y.ref).mul(p.g1), p.w0))
    return np.square(y.add(np.matmul(inner, p.w1))).mean()
  }
  const layers = (weights) => (x) => {
    let y = x
    for (const w of weights) y = np.tanh(np.matmul(y, w.ref))
    return y
  }
  const rows = (f, n) => (x) => {
    const [y, pull] = vjp(f, [x])
    y.dispose()
    return vmap((ct) => pull(ct)[0])(np.eye(n))
  }
  const columns = (f, n) => (x) => {
    const push = vmap((t) => jvp(f, [x.ref], [t])[1])
    return push(np.eye(n)).transpose()
  }
  const rosenbrock = (x) => {
    const n = x.shape[0]
    const [here, next] = [x.ref.slice([0, n - 1]), x.slice([1, n])]
    const valley = np.square(next.sub(np.square(here.ref))).mul(100)
    return valley.add(np.square(here.mul(-1).add(1))).sum()
  }
  const lorenz = (steps) => (start, parameters) => {
    let [x, y, z] = [0, 1, 2].map((i) => start.ref.slice(i))
    const [sigma, rho, beta] = [0, 1, 2].map((i) => parameters.ref.slice(i))
    for (let i = 0; i < steps; i++) {
      const dx = sigma.ref.mul(y.ref.sub(x.ref))
      const dy = x.ref.mul(rho.ref.sub(z.ref)).sub(y.ref)
      const dz = x.ref.mul(y.ref).sub(beta.ref.mul(z.ref))
      ;[x, y, z] = [x.add(dx.mul(0.005)), y.add(dy.mul(0.005)), z.add(dz.mul(0.005))]
    }
    return np.square(x).add(np.square(y)).add(np.square(z))
  }
  const weights = (v) => Object.fromEntries(Object.entries(v).filter(([name]) => /^[wbcg]./.test(name)))
  const list = (v) => Object.entries(v).flatMap(([name, w]) => (name.startsWith('w') ? [w] : []))
  const kinds = {
    product: ({ a, b }) => [jit((a, b) => ({ c: np.matmul(a, b) })), [a, b]],
    mlp: ({ x, t, ...v }) => [step((p, x) => dense(p, x)), [weights(v), x, t]],
    lenet: ({ x, t, ...v }) => {
      const logits = (p, x) => {
        const h = pooled(pooled(x, p.c0), p.c1)
        return dense(p, h.reshape([h.shape[0], -1]))
      }
      return [step(logits), [weights(v), x, t]]
    },
    chain: ({ x, a, b }) => {
      const y = (x, a, b) =>
        np
          .tanh(a.mul(x.ref).add(b))
          .mul(np.exp(np.square(x).mul(-1)))
          .sum()
      const both = jit(valueAndGrad(y))
      const run = (...args) => {
        const [value, dx] = both(...args)
        return { y: value, dx }
      }
      return [run, [x, a, b]]
    },
    transformer: ({ x, ...v }) => {
      const both = jit(valueAndGrad(transformer))
      const run = (p, x) => {
        const [loss, slopes] = both(p, x)
        return { loss, ...slopes }
      }
      return [run, [weights(v), x]]
    },
    // Its `jacrev` and `jacfwd` (0.1.25) take a Jacobian for square, or transpose it.
    'jacobian-down': ({ x, ...v }) => [wrap(jit(rows(layers(list(v)), list(v).at(-1).shape[1])), 'j'), [x]],
    'jacobian-up': ({ x, ...v }) => [wrap(jit(columns(layers(list(v)), x.shape[0])), 'j'), [x]],
    'rosenbrock-hvp': ({ x, v }) => {
      const f = jit((x, v) => {
        const [value, h] = jvp(grad(rosenbrock), [x], [v])
        value.dispose()
        return h
      })
      return [wrap(f, 'h'), [x, v]]
    },
    'rosenbrock-hessian': ({ x }) => [wrap(jit(hessian(rosenbrock)), 'h'), [x]],
    lorenz: ({ start, parameters }, sizes) => {
      const both = jit(grad((p) => lorenz(sizes.steps)(p.start, p.parameters)))
      return [both, [{ start, parameters }]]
    },
  }
  const wrap =
    (f, name) =>
    (...args) => ({ [name]: f(...args) })

  return (kind, data) => {
    const { steps, ...rest } = data
    const arrays = Object.fromEntries(
      Object.entries(rest).map(([name, { shape, data: d }]) => [name, np.array(d).reshape(shape)]),
    )
    const [f, args] = kinds[kind](arrays, { steps: steps?.data[0] })
    const once = async () => {
      const out = f(...args.map((a) => tree.ref(a)))
      await blockUntilReady(out)
      return out
    }
    return {
      run: async () => tree.dispose(await once()),
      outputs: async () => {
        const out = await once()
        const found = {}
        for (const [name, array] of Object.entries(out)) found[name] = await array.data()
        return found
      },
    }
  }
}

export async function load(require, importFrom) {
  globalThis.navigator ??= {}
  const library = await importFrom(require.resolve('@jax-js/jax'))
  await library.init('wasm')
  library.defaultDevice('wasm')
  return peer(library)
}
