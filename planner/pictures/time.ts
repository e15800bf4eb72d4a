/** Predicted times as people read them. */

/** 12.3 ms */
export function time(ms: number): string {
  if (ms === 0) return '0'
  const [value, unit] =
    ms >= 1000 ? [ms / 1000, 's'] : ms >= 1 ? [ms, 'ms'] : ms >= 1e-3 ? [ms * 1e3, 'µs'] : [ms * 1e6, 'ns']
  return `${Number(value.toPrecision(3))} ${unit}`
}
