/**
 * What the page does: names under the pointer and under the keyboard's focus, arrow keys from one to the next, edges of a box in colour.
 * Invariant: no data in it, and nothing is asked of a network; without it the page reads the same.
 */

export const script: string = `
const tip = document.getElementById('tip')
const say = (item, x, y) => {
  const [name, ...more] = item.getAttribute('aria-label').split('\\n')
  const first = document.createElement('strong')
  first.textContent = name
  tip.replaceChildren(first, '\\n' + more.join('\\n'))
  tip.hidden = false
  const { width, height } = tip.getBoundingClientRect()
  tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - width - 8)) + 'px'
  tip.style.top = Math.max(4, y + 18 + height > innerHeight ? y - height - 10 : y + 18) + 'px'
}
const light = (item, on) => {
  const box = item.dataset.box
  if (box === undefined) return
  const edges = item.closest('svg').querySelectorAll('[data-from="' + box + '"],[data-to="' + box + '"]')
  for (const edge of edges) edge.classList.toggle('lit', on)
}
const hush = (item) => { tip.hidden = true; light(item, false) }
for (const set of document.querySelectorAll('[data-walk]')) {
  const items = [...set.querySelectorAll('[tabindex]')]
  const go = (from, to) => {
    const next = items[Math.max(0, Math.min(items.length - 1, to))]
    items[from].setAttribute('tabindex', -1)
    next.setAttribute('tabindex', 0)
    next.focus()
  }
  items.forEach((item, i) => {
    item.addEventListener('pointermove', (e) => { say(item, e.clientX, e.clientY); light(item, true) })
    item.addEventListener('pointerleave', () => hush(item))
    item.addEventListener('focus', () => {
      const { left, bottom } = item.getBoundingClientRect()
      say(item, left, bottom - 14)
      light(item, true)
    })
    item.addEventListener('blur', () => hush(item))
    item.addEventListener('keydown', (e) => {
      const to = { ArrowRight: i + 1, ArrowDown: i + 1, ArrowLeft: i - 1, ArrowUp: i - 1, Home: 0, End: items.length - 1 }[e.key]
      if (e.key === 'Escape') tip.hidden = true
      if (to === undefined) return
      e.preventDefault()
      go(i, to)
    })
  })
}
`
