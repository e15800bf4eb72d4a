/**
 * The picture of `bench modes`: measured forward : reverse over inputs and outputs, where they cross over, and what auto chose.
 * Invariant: the same rows give the same document; it reads in black and white too (letters say what colours say).
 * May not: measure.
 */
import { gridLayers, type ModesRow } from './mode-cases.ts'

const CELL = { width: 92, height: 56 }
const LEFT = 96
const TOP = 84
const FORWARD = [38, 111, 179] as const
const REVERSE = [201, 102, 28] as const

/** Rows of three layers n → 128 → 128 → m make the grid; others are left out. */
export function picture(rows: readonly ModesRow[]): string {
  const cells = rows.filter((r) => r.case === gridLayers(r.inputs, r.outputs).join('→'))
  const sorted = (xs: readonly number[]): number[] => [...new Set(xs)].sort((a, b) => a - b)
  const [inputs, outputs] = [sorted(cells.map((r) => r.inputs)), sorted(cells.map((r) => r.outputs))]
  const [width, height] = [LEFT + CELL.width * inputs.length + 24, TOP + CELL.height * outputs.length + 72]
  const x = (i: number): number => LEFT + i * CELL.width
  const y = (o: number): number => TOP + (outputs.length - 1 - o) * CELL.height
  const labels = [
    ...inputs.map((n, i) => text(x(i) + CELL.width / 2, height - 48, String(n))),
    ...outputs.map((m, o) => text(LEFT - 10, y(o) + CELL.height / 2 + 4, String(m), 'end')),
    text(LEFT + (CELL.width * inputs.length) / 2, height - 26, 'inputs'),
    text(24, TOP - 12, 'outputs', 'start'),
    text(24, 24, 'A full Jacobian of n → 128 → 128 → m: measured forward : reverse', 'start', 'font-weight="bold"'),
    text(
      24,
      42,
      'blue: forward is faster · orange: reverse · F, R, C: auto’s choice and its time · line: crossover',
      'start',
    ),
  ]
  const drawn = cells.map((r) => cell(r, x(inputs.indexOf(r.inputs)), y(outputs.indexOf(r.outputs))))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    '<title>Measured time of a full Jacobian, forward against reverse, over inputs and outputs</title>',
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...drawn.map((d) => d.rect),
    crossover(cells, inputs, outputs, x, y),
    ...drawn.map((d) => d.words),
    ...labels,
    '</svg>\n',
  ].join('\n')
}

const text = (x: number, y: number, value: string, anchor = 'middle', more = ''): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" ${more}>${value}</text>`

function cell(r: ModesRow, x: number, y: number): { readonly rect: string; readonly words: string } {
  const lean = Math.max(-1, Math.min(1, Math.log2(r.ms.forward / r.ms.reverse) / 4))
  const full = lean > 0 ? REVERSE : FORWARD
  const shade = full.map((c) => Math.round(255 + (c - 255) * 0.75 * Math.abs(lean))).join(',')
  const letter = r.chosen.slice(0, 1).toUpperCase()
  const ratio = r.ms.forward / r.ms.reverse
  const [w, h] = [CELL.width - 2, CELL.height - 2]
  const ms = r.ms.auto >= 100 ? r.ms.auto.toFixed(0) : r.ms.auto.toPrecision(2)
  const chosen = `${letter}${r.pickedWinner ? '' : ' ✗'}  ${ms} ms`
  return {
    rect: `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="rgb(${shade})"/>`,
    words:
      text(x + w / 2, y + 24, chosen, 'middle', 'font-weight="bold"') +
      text(x + w / 2, y + 42, `${ratio.toPrecision(2)} : 1`),
  }
}

/** Where forward : reverse passes 1 between neighbouring outputs, column by column. */
function crossover(
  cells: readonly ModesRow[],
  inputs: readonly number[],
  outputs: readonly number[],
  x: (i: number) => number,
  y: (o: number) => number,
): string {
  const lean = (n: number, m: number): number | undefined => {
    const found = cells.find((r) => r.inputs === n && r.outputs === m)
    return found && Math.log2(found.ms.forward / found.ms.reverse)
  }
  const points = inputs.flatMap((n, i) => {
    for (let o = 0; o + 1 < outputs.length; o++) {
      const [a, b] = [lean(n, outputs[o]!), lean(n, outputs[o + 1]!)]
      if (a === undefined || b === undefined || a < 0 || b >= 0) continue
      const at = a - b === 0 ? 0.5 : a / (a - b)
      const middle = (k: number): number => y(k) + CELL.height / 2
      return [`${(x(i) + CELL.width / 2).toFixed(1)},${(middle(o) + at * (middle(o + 1) - middle(o))).toFixed(1)}`]
    }
    return []
  })
  return `<polyline points="${points.join(' ')}" fill="none" stroke="#777" stroke-width="2" stroke-dasharray="6 4"/>`
}
