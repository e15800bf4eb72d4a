/** Small charts as SVG text: lines over a logarithmic axis, and bars. Numbers are rounded, so the text is the same everywhere. */

export interface Line {
  readonly label: string
  readonly points: readonly (readonly [number, number])[]
  readonly color: string
  /** Where its label goes, in data; at the end of the line by default. */
  readonly at?: readonly [number, number]
}
export interface Chart {
  readonly title: string
  readonly x: { readonly label: string; readonly ticks: readonly number[]; readonly text: (v: number) => string }
  readonly y: { readonly label: string; readonly ticks: readonly number[]; readonly text: (v: number) => string }
  readonly lines: readonly Line[]
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [720, 416, 76, 24, 66, 56]
const round = (v: number): number => Math.round(v * 10) / 10
const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const text = (x: number, y: number, words: string, more = ''): string =>
  `<text x="${round(x)}" y="${round(y)}"${more}>${escape(words)}</text>`
const framed = (title: string, height: number, body: readonly string[]): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" fill="#333">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(LEFT, 26, title, ' font-size="16" font-weight="bold"'),
    ...body,
    '</svg>\n',
  ].join('\n')

/** `x` and `y` of a chart are what is drawn: take logarithms first. */
export function lineChart({ title, x, y, lines }: Chart): string {
  const scale = (ticks: readonly number[], from: number, to: number) => {
    const [low, high] = [ticks[0]!, ticks.at(-1)!]
    return (v: number): number => from + ((v - low) / (high - low)) * (to - from)
  }
  const [px, py] = [scale(x.ticks, LEFT, WIDTH - RIGHT), scale(y.ticks, HEIGHT - BOTTOM, TOP)]
  const [bottom, right] = [HEIGHT - BOTTOM, WIDTH - RIGHT]
  const grid = [
    ...y.ticks.flatMap((t) => [
      `<path d="M${LEFT} ${round(py(t))}H${right}" stroke="#ddd"/>`,
      text(LEFT - 8, py(t) + 4, y.text(t), ' text-anchor="end"'),
    ]),
    ...x.ticks.flatMap((t) => [
      `<path d="M${round(px(t))} ${bottom}v5" stroke="#333"/>`,
      text(px(t), bottom + 20, x.text(t), ' text-anchor="middle"'),
    ]),
    `<path d="M${LEFT} ${bottom}H${right}" stroke="#333"/>`,
    text((LEFT + right) / 2, HEIGHT - 14, x.label, ' text-anchor="middle"'),
    text(LEFT, TOP - 14, y.label),
  ]
  const drawn = lines.flatMap(({ label, points, color, at }) => {
    const path = points.map(([a, b], i) => `${i ? 'L' : 'M'}${round(px(a))} ${round(py(b))}`).join('')
    const [lx, ly] = at ?? points.at(-1)!
    return [
      `<path d="${path}" fill="none" stroke="${color}" stroke-width="2"/>`,
      text(px(lx), py(ly), label, ` fill="${color}"`),
    ]
  })
  return framed(title, HEIGHT, [...grid, ...drawn])
}

export interface Bar {
  readonly group: string
  readonly label: string
  readonly value: number
  readonly text: string
  readonly chosen: boolean
}

/** Bars from left to right, in groups; the chosen one of each group is dark. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const [ROW, GAP, START] = [20, 34, 200]
  const most = Math.max(...bars.map((b) => b.value))
  let y = 44
  const body = bars.flatMap((bar, i) => {
    const head: string[] = []
    if (bar.group !== bars[i - 1]?.group) {
      y += i === 0 ? 14 : GAP
      head.push(text(LEFT, y, bar.group, ' font-weight="bold"'))
      y += 8
    }
    const at = y
    y += ROW
    const length = Math.max(1, (bar.value / most) * (WIDTH - START - 130))
    return [
      ...head,
      text(START - 8, at + 14, bar.label, ' text-anchor="end"'),
      `<rect x="${START}" y="${at + 3}" width="${round(length)}" height="14" fill="${bar.chosen ? '#1f5fa8' : '#c3d3e6'}"/>`,
      text(START + length + 6, at + 14, bar.text),
    ]
  })
  return framed(title, y + 20, body)
}
