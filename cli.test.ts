/** The command line as a user runs it: results on stdout, reasons on stderr, exit codes. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const iris = join(import.meta.dirname, 'examples/models/iris.json')
const graph = join(import.meta.dirname, 'examples/graphs/bottleneck.txt')
function cotangent(...args: string[]) {
  const file = join(import.meta.dirname, 'cli.ts')
  const run = spawnSync(process.execPath, ['--conditions=cotangent-source', '--import', 'tsx', file, ...args], {
    encoding: 'utf8',
  })
  return { code: run.status, out: run.stdout, error: run.stderr }
}

describe('cotangent explain', () => {
  it('explains the plan of a graph', () => {
    const { code, out, error } = cotangent('explain', graph, '--sizes', 'B=8')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    expect(out).toMatch(/^plan {11}bottleneck/)
    expect(out).toMatch(/^memory {9}arena /m)
    expect(out).not.toMatch(/differentiate/)
  })

  it('explains a Jacobian with the price of each direction, and its steps', () => {
    const { code, out } = cotangent(
      'explain',
      graph,
      '--of',
      'loss',
      '--wrt',
      'x,encode',
      '--sizes',
      'B=8',
      '--tape',
      '--threads',
      '2',
    )
    expect(code).toBe(0)
    expect(out).toMatch(/^differentiate {2}dloss_dx, dloss_dencode: reverse/m)
    expect(out).toMatch(/^ +forward .* ms/m)
    expect(out).toMatch(/^tape +0 /m)
    expect(out).toMatch(/2 workers/)
  })

  it('gives the plan as JSON, and obeys --mode', () => {
    const { code, out } = cotangent(
      'explain',
      graph,
      '--of',
      'y',
      '--wrt',
      'x',
      '--mode',
      'forward',
      '--sizes',
      'B=2',
      '--json',
    )
    expect(code).toBe(0)
    const plan = JSON.parse(out)
    expect(plan).toMatchObject({ format: 'cotangent/plan-1', orders: { dy_dx: { chosen: 'forward' } } })
    expect(plan.outputs.find((o: { name: string }) => o.name === 'dy_dx').shape).toEqual([2, 64, 2, 64])
  })

  it('gives the declared graph as DOT', () => {
    const { code, out } = cotangent('explain', graph, '--dot')
    expect(code).toBe(0)
    expect(out).toMatch(/^digraph "bottleneck" \{\n/)
    const nodes = readFileSync(graph, 'utf8').match(/^ {2}%\d+ :/gm)!.length + 4
    expect(out.match(/^ {2}n\d+ \[label=/gm)).toHaveLength(nodes)
    expect(out).toContain('n1 [label="encode\\nf32[64,4]" shape=cylinder]')
    expect(out.match(/^ {2}n9 -> n10$/gm)).toHaveLength(2)
  })
})

describe('cotangent order', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'cotangent-')), 'graph.json')
  // 0, 1, 2 → 3 → 4 → 5 and 0 → 4: backwards is cheaper.
  const edges = [[0, 3], [1, 3], [2, 3], [3, 4], [0, 4], [4, 5], [5, 6]] // biome-ignore format: a graph
  writeFileSync(file, JSON.stringify({ inputs: 3, vertices: 7, outputs: [6], edges }))

  it('gives counts, and with --json the order', () => {
    const { code, out, error } = cotangent('order', file, '--seconds', '0.01')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    expect(out).toMatch(/^forward +9 /m)
    expect(out).toMatch(/^chosen +6$/m)
    const json = JSON.parse(cotangent('order', file, '--seconds', '5', '--seed', '7', '--json').out)
    expect(json).toMatchObject({
      forward: 9,
      reverse: 6,
      markowitz: 6,
      chosen: 6,
      order: [5, 4, 3],
      bound: 6,
      proven: true,
    })
  })

  it('names what is wrong with a graph', () => {
    writeFileSync(`${file}.cycle`, JSON.stringify({ inputs: 1, vertices: 3, outputs: [2], edges: [[1, 2], [2, 1]] })) // biome-ignore format: a graph
    const { code, out, error } = cotangent('order', `${file}.cycle`)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(error).toContain('the graph has a cycle, 1 → 2 → 1')
    writeFileSync(`${file}.text`, '{')
    expect(cotangent('order', `${file}.text`).error).toContain('the document: is not JSON')
  })
})

describe('cotangent chain', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'cotangent-')), 'chain.txt')
  writeFileSync(file, '2\n2 64 128\n64 2 128\n')

  it('gives counts and the bracketing', () => {
    const { code, out, error } = cotangent('chain', file)
    expect({ code, error }).toEqual({ code: 0, error: '' })
    expect(out).toMatch(/^tangent +16,384 mul\nadjoint +16,384 mul\noptimum +8,448 mul\nbracketing {2}\(T2·A\[1\]\)$/m)
    const limited = JSON.parse(cotangent('chain', file, '--memory', '100', '--json').out)
    expect(limited).toEqual({ tangent: 16_384, adjoint: 16_384, optimum: 16_384, bracketing: '(T[2]·T1)' })
  })

  it('names what is wrong with a file', () => {
    writeFileSync(`${file}.bad`, '2\n2 64 128\n64 3 128\n')
    const { code, out, error } = cotangent('chain', `${file}.bad`)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(error).toContain('line 3: factor 2 takes 3 values, but the one before gives 2')
  })
})

describe('cotangent place', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cotangent-'))
  const file = join(folder, 'buffers.csv')
  const spans = [[3, 0, 0], [1, 2, 5], [3, 4, 6], [2, 6, 9], [1, 3, 5], [2, 0, 2], [2, 2, 3]] as const // biome-ignore format: a table
  writeFileSync(
    file,
    `size,id,lower,upper,kind\n${spans.map(([n, a, b], i) => `${n},b${i},${a},${b + 1},x`).join('\n')}\n`,
  )

  it('gives peak, bound and proof, and writes the offsets', () => {
    const out = join(folder, 'out.csv')
    const { code, out: said, error } = cotangent('place', file, '--out', out)
    expect({ code, error }).toEqual({ code: 0, error: '' })
    expect(said).toMatch(/^peak +6 bytes, proven optimal\nbound +6 bytes$/m)
    const [head, ...rows] = readFileSync(out, 'utf8').trim().split('\n')
    expect(head).toBe('size,id,lower,upper,kind,offset')
    expect(rows.map((r) => r.split(',').slice(0, 2))).toEqual(spans.map(([n], i) => [String(n), `b${i}`]))
    const tops = rows.map((r) => Number(r.split(',')[0]) + Number(r.split(',')[5]))
    expect(Math.max(...tops)).toBe(6)
  })

  it('answers whether a capacity suffices, with --json as fields and by its exit code', () => {
    const six = cotangent('place', file, '--capacity', '6', '--json')
    expect(six.code).toBe(0)
    expect(JSON.parse(six.out)).toMatchObject({
      peak: 6,
      fits: true,
      nodes: expect.any(Number),
      ms: expect.any(Number),
    })
    const five = cotangent('place', file, '--capacity', '5', '--json', '--strict')
    expect(five.code).toBe(1)
    expect(JSON.parse(five.out)).toMatchObject({ peak: 6, bound: 6, proven: true, fits: false })
  })

  it('names what is wrong with a file', () => {
    writeFileSync(`${file}.bad`, 'id,lower,upper,size\n0,4,4,2\n')
    const { code, out, error } = cotangent('place', `${file}.bad`)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(error).toContain('line 2: upper is 4, lower 4; a buffer lives until after it begins')
  })
})

describe('cotangent remat', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cotangent-'))
  const file = join(folder, 'graph.json')
  // Values a … d, and a gradient each, from what was kept: four values and a gradient at once, if nothing is computed again.
  const forward = ['a', 'b', 'c', 'd'].map((name, i, all) => ({ name, cost: 10, bytes: 8, deps: i > 0 ? [all[i - 1]] : [] })) // biome-ignore format: one node
  const backward = ['d', 'c', 'b', 'a'].map((name, i, all) => ({
    ...{ name: `grad ${name}`, cost: 20, bytes: 8, deps: [name, ...(i > 0 ? [`grad ${all[i - 1]}`] : [])] },
  }))
  writeFileSync(file, JSON.stringify({ nodes: [...forward, ...backward] }))

  it('gives cost, bound and peak, and what is computed again', () => {
    const { code, out, error } = cotangent('remat', file, '--budget', '32')
    expect({ code, error }).toEqual({ code: 0, error: '' })
    expect(out).toMatch(/^cost +130 \(1\.0833 × everything once\), proven optimal\nbound +130\npeak +32 bytes$/m)
    expect(out).toMatch(/^again +[abc]$/m)
  })

  it('gives them as JSON, with the schedule, and from a solver', () => {
    const { code, out } = cotangent('remat', file, '--budget', '24', '--json', '--exact')
    expect(code).toBe(0)
    const { schedule, ...counts } = JSON.parse(out)
    expect(counts).toMatchObject({ optimal: true, peak: 24, truncated: false, ms: expect.any(Number) })
    expect(new Set(schedule)).toEqual(new Set([...forward, ...backward].map(({ name }) => name)))
  })

  it('names what is wrong with a file or a budget', () => {
    writeFileSync(`${file}.bad`, '{"nodes": [{"name": "a", "cost": 1, "bytes": 4, "deps": ["b"]}]}')
    const bad = cotangent('remat', `${file}.bad`, '--budget', '32')
    expect(bad).toMatchObject({ code: 1, out: '', error: expect.stringContaining('nodes[0].deps[0]: "b" is no node') })
    const small = cotangent('remat', file, '--budget', '23')
    expect(small).toMatchObject({ code: 1, out: '' })
    expect(small.error).toContain('budget 23 bytes: grad c and what it needs take 24 bytes at once')
  })
})

describe('failures', () => {
  const broken = join(mkdtempSync(join(tmpdir(), 'cotangent-')), 'broken.txt')
  const [notJson, faulty] = [`${broken}.not.json`, `${broken}.json`]
  writeFileSync(notJson, '{')
  writeFileSync(faulty, JSON.stringify({ inputs: { x: 'f32[B,4]' }, layers: [{ kind: 'dense', units: 3, unit: 3 }] }))
  writeFileSync(broken, 'graph g(x: f32[2]) {\n  %0 : f32[3] = neg(x)\n  return y: %0\n}\n')

  it.each([
    ['an unbound dimension', ['explain', graph], "the size of dimension 'B' is needed"],
    ['an unknown output', ['explain', graph, '--of', 'z', '--wrt', 'x'], 'there are code, y, loss'],
    ['--of alone', ['explain', graph, '--of', 'y'], 'say by what with --wrt'],
    ['a missing file', ['explain', 'no-such-graph.txt'], 'there is no such file'],
    ['a model that is not JSON', ['explain', notJson], 'not.json: is not JSON'],
    ['a model with a fault', ['explain', faulty], "layers[0].unit: there is no such field; did you mean 'units'?"],
    ['data that are not there', ['train', iris, '--data', 'none.csv'], 'none.csv: cannot read: there is no such file'],
    [
      'no loss',
      ['train', graph, '--data', graph, '--minimize', 'y'],
      "no output 'y' that is one float; there are loss",
    ],
    ['bench without --wrt', ['bench', iris, '--of', 'logits'], "required option '--wrt <inputs>' not specified"],
    ['a graph that does not type-check', ['explain', broken], 'line 2: %0 is declared f32[3] but neg gives f32[2]'],
    ['sizes that are none', ['explain', graph, '--sizes', 'B'], 'Write them as B=64,N=10.'],
    ['an unknown command', ['explode'], "unknown command 'explode'"],
  ])('%s is named, without a stack', (_, args, message) => {
    const { code, out, error } = cotangent(...args)
    expect(code).toBe(1)
    expect(out).toBe('')
    expect(error).toContain(message)
    expect(error).not.toMatch(/^ {4}at /m)
  })

  it('--help and --version succeed', () => {
    expect(cotangent('explain', '--help')).toMatchObject({
      code: 0,
      error: '',
      out: expect.stringMatching(/--wrt <inputs>/),
    })
    expect(cotangent('--version').out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
