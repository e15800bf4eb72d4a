/**
 * Tables of text: columns by name, numbers as numbers, words as classes. Only importer of papaparse.
 * Invariant: a column is i32 if all of it is whole numbers, f64 if all of it is numbers (an empty cell is NaN), else classes in
 * alphabetical order; every row has as many cells as the first.
 * May not: do I/O, or guess the meaning of a column.
 */
import Papa from 'papaparse'
import { badFormat } from '../../core/errors-files.ts'
import type { Tensor } from '../../core/ir.ts'
import { placeAt } from '../../core/shape.ts'

/** An array, and for words the class that each number stands for. */
export interface Column extends Tensor {
  readonly classes?: readonly string[]
}

export interface CsvOptions {
  /** Whether the first row holds names. Default: if it holds no number. */
  readonly header?: boolean
  /** Default: what the text suggests. */
  readonly delimiter?: string
}

const NUMBER = /^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf(inity)?|nan)$/i
const isNumber = (cell: string): boolean => NUMBER.test(cell.trim())

export function readCsv(text: string, what: string, options: CsvOptions = {}): Map<string, Column> {
  const { data: rows, errors } = Papa.parse<string[]>(text.replace(/^\uFEFF/, ''), {
    skipEmptyLines: 'greedy',
    delimiter: options.delimiter ?? '',
  })
  const broken = errors.find((e) => e.type === 'Quotes')
  if (broken) throw badFormat(what, `row ${(broken.row ?? 0) + 1}: ${broken.message}`)
  const [first = []] = rows
  const width = first.length
  const ragged = rows.findIndex((row) => row.length !== width)
  if (ragged >= 0) throw badFormat(what, `row ${ragged + 1} has ${rows[ragged]!.length} cells; the first has ${width}`)
  const header = options.header ?? !first.some(isNumber)
  const names = first.map((cell, i) => (header && cell.trim()) || `column${i + 1}`)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw badFormat(what, `two columns are called '${twice}'; rename one`)
  const body = header ? rows.slice(1) : rows
  return new Map(names.map((name, i) => [name, column(body.map((row) => row[i]!.trim()))]))
}

function column(cells: readonly string[]): Column {
  const shape = [cells.length]
  if (!cells.every((cell) => cell === '' || isNumber(cell))) {
    const classes = [...new Set(cells)].sort()
    const code = new Map(classes.map((c, i) => [c, i]))
    return { dtype: 'i32', shape, data: Int32Array.from(cells, (cell) => code.get(cell)!), classes }
  }
  const numbers = cells.map(parse)
  const whole = cells.every((cell, i) => /^[+-]?\d+$/.test(cell) && numbers[i] === (numbers[i]! | 0))
  return whole
    ? { dtype: 'i32', shape, data: Int32Array.from(numbers) }
    : { dtype: 'f64', shape, data: Float64Array.from(numbers) }
}

function parse(cell: string): number {
  if (cell === '' || /nan/i.test(cell)) return Number.NaN
  return /inf/i.test(cell) ? Number(`${cell.startsWith('-') ? '-' : ''}Infinity`) : Number(cell)
}

/** Arrays of several axes take several columns, named by position: `y.0`, `y.1`, `y.1.2`. A scalar is one row. */
export function writeCsv(tensors: Iterable<readonly [string, Column]>): string {
  const columns: { readonly name: string; readonly cells: readonly (string | number)[] }[] = []
  for (const [name, { shape, data, classes }] of tensors) {
    const rows = shape[0] ?? 1
    const width = rows === 0 ? 0 : data.length / rows
    for (let c = 0; c < width; c++) {
      const cells = Array.from({ length: rows }, (_, r) => data[r * width + c]!)
      columns.push({
        name: shape.length > 1 ? `${name}.${placeAt(c, shape.slice(1)).join('.')}` : name,
        cells: classes ? cells.map((x) => classes[x] ?? x) : cells,
      })
    }
  }
  const rows = Math.max(0, ...columns.map((c) => c.cells.length))
  const data = Array.from({ length: rows }, (_, r) => columns.map((c) => c.cells[r] ?? ''))
  return `${Papa.unparse({ fields: columns.map((c) => c.name), data }, { newline: '\n' })}\n`
}
