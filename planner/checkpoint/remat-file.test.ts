import { describe, expect, it } from 'vitest'
import { rematGraph } from './remat-file.ts'

const node = (name: string, deps: readonly unknown[] = []) => ({ name, cost: 1, bytes: 2, deps })

describe('documents of graphs', () => {
  it('name deps or give their positions, and come into an order of computing', () => {
    const { nodes } = rematGraph({ nodes: [node('c', ['b', 2]), node('b', ['a']), node('a'), node('d', ['c', 'c'])] })
    expect(nodes.map((n) => [n.name, n.deps])).toEqual([['a', []], ['b', [0]], ['c', [1, 0]], ['d', [2]]]) // biome-ignore format: a table
    expect(rematGraph({ nodes: [] }).nodes).toEqual([])
  })

  it.each([
    [null, 'the document: must be an object { nodes: [{ name, cost, bytes, deps }] }'],
    [{ nodes: 3 }, 'the document: must be an object'],
    [{ nodes: [{ ...node('a'), name: 7 }] }, 'nodes[0].name: must be text; it is 7'],
    [{ nodes: [null] }, 'nodes[0].name: must be text; it is undefined'],
    [{ nodes: [node('a'), node('a')] }, "nodes[1].name: 'a' is taken by nodes[0]"],
    [{ nodes: [{ ...node('a'), cost: -1 }] }, 'nodes[0].cost: must be a number from 0 on; it is -1'],
    [{ nodes: [{ ...node('a'), bytes: '4' }] }, 'nodes[0].bytes: must be a number from 0 on; it is "4"'],
    [{ nodes: [{ ...node('a'), deps: 'b' }] }, 'nodes[0].deps: must be a list; it is "b"'],
    [{ nodes: [node('a', ['b'])] }, 'nodes[0].deps[0]: "b" is no node; give a name, or a position from 0 on'],
    [{ nodes: [node('a', [1])] }, 'nodes[0].deps[0]: 1 is no node'],
    [{ nodes: [node('x'), node('a', ['b']), node('b', ['a'])] }, "nodes[1]: 'a' needs itself, by way of its deps"],
    [{ nodes: [node('a', ['a'])] }, "nodes[0]: 'a' needs itself"],
  ])('are refused with the place of the fault: %j', (document, message) => {
    expect(() => rematGraph(document)).toThrow(message)
  })

  it('take 50,000 nodes in any order', () => {
    const n = 50_000
    const nodes = Array.from({ length: n }, (_, i) => node(`n${i}`, i + 1 < n ? [i + 1] : []))
    expect(rematGraph({ nodes }).nodes.map((x) => x.name)).toEqual(nodes.map((x) => x.name).toReversed())
  })
})
