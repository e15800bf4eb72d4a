import { describe, expect, it } from 'vitest'
import { parseBuffers, withOffsets } from './buffers-file.ts'

describe('buffer files', () => {
  it('name their columns, in any order, and keep the others', () => {
    const file = parseBuffers('\uFEFFsize,Upper,id,lower,note\r\n5,3,a,1,x\r\n\r\n7,9,b,-2,\r\n')
    expect(file.blocks).toEqual([
      { id: 0, size: 5, first: 1, last: 2 },
      { id: 1, size: 7, first: -2, last: 8 },
    ])
    const offsets = new Map([[0, 64], [1, 0]]) // biome-ignore format: a table
    expect(withOffsets(file, offsets)).toBe(
      '\uFEFFsize,Upper,id,lower,note,offset\n5,3,a,1,x,64\n7,9,b,-2,,0\n'.slice(1),
    )
    expect(parseBuffers('id,lower,upper,size').blocks).toEqual([])
  })

  it.each([
    ['', "line 1: the file is empty; begin with the header 'id,lower,upper,size'"],
    ['\nid,lower,size\n', "line 2: the header must name the column 'upper' once; it is 'id,lower,size'"],
    ['id,lower,upper,size,id\n', "line 1: the header must name the column 'id' once"],
    ['id,lower,upper,size\n0,0,1,2\n\n1,0,1\n', 'line 4: has 3 fields; the header names 4'],
    ['id,lower,upper,size\n0,0,1,2\n0,0,1,2\n', "line 3: the id '0' is taken by line 2"],
    ['id,lower,upper,size\n0,0,x,2\n', "line 2: upper is 'x'; use a whole number"],
    ['id,lower,upper,size\n0,0,,2\n', "line 2: upper is ''; use a whole number"],
    ['id,lower,upper,size\n0,0,1.5,2\n', "line 2: upper is '1.5'; use a whole number"],
    ['id,lower,upper,size\n0,4,4,2\n', 'line 2: upper is 4, lower 4; a buffer lives until after it begins'],
    ['id,lower,upper,size\n0,4,5,-2\n', 'line 2: size is -2; use sizes from 0 on'],
    [
      `id,lower,upper,size\n0,0,1,${2 ** 53 - 1}\n1,0,1,1\n`,
      'line 3: size is 1; use sizes from 0 on whose sum stays below 2^53',
    ],
  ])('%j is no buffer file', (text, message) => {
    expect(() => parseBuffers(text)).toThrow(message)
  })
})
