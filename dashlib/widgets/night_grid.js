// The grid of nights: draws it, and keeps what a person is at. Last of the files that night_grid.py joins.

const legendOf = (data, words, box) => {
  const entries = data.marks.map(({ mark, text, about, href }) => {
    const entry = made("a", "entry")
    entry.href = href
    entry.title = about
    entry.append(made("b", "", words.letterOf(mark)), made("span", "", text), made("i", "", about))
    entry.onmouseenter = entry.onfocus = () => box.highlight([mark])
    entry.onmouseleave = entry.onblur = () => box.highlight([])
    return entry
  })
  const drawn = entries.slice(0, data.few)
  if (entries.length > data.few) {
    const rest = made("details", "rest")
    const inside = made("div", "marks")
    inside.append(...entries.slice(data.few))
    rest.append(made("summary", "", entries.length - data.few + " more failures with a mark"), inside)
    drawn.push(rest)
  }
  return drawn
}

// At first the newest nights are in sight, and as many of the figures behind them as there is room for. Then what is
// in sight keeps its distance from them: an opened row brings a scroll bar, which takes from the right.
const placed = ({ root, words, head, corner }, table) => {
  const kept = { top: root.scrollTop, drawn: root.childElementCount > 0, beyond: root.beyond && root.beyond() }
  root.replaceChildren(table)
  root.scrollTop = kept.drawn ? kept.top : 0
  const newest = head.querySelector(".newest")
  root.beyond = () => newest.offsetLeft + newest.offsetWidth - root.scrollLeft - root.clientWidth
  const start_at = newest.offsetLeft - corner.offsetWidth - 2 * newest.offsetWidth
  if (kept.drawn && root.figured === words.figured) root.scrollLeft += root.beyond() - kept.beyond
  else root.scrollLeft = Math.min(root.scrollWidth, start_at)
  root.figured = words.figured
}

export default function (component) {
  const { parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".grid")
  // A run of the page that changes nothing here must not take the focus away.
  const text = new TextDecoder().decode(component.data)
  if (root.drawn === text) return root.leave
  root.drawn = text
  const data = JSON.parse(text)
  const words = wordsOf(data, root)
  const grid = { root, data, words, card: parentElement.querySelector(".card"), told: new Map() }
  grid.choose = (night) => setTriggerValue("frame", night)
  grid.toggle = (row) => setTriggerValue("toggle", row)
  const top = headOf(grid)
  Object.assign(grid, { head: top.head, corner: top.corner, body: bodyOf(grid), scrolled: () => labelMonths(grid, top) })
  const table = made("table", (data.wide ? "reason " : "") + (words.figured ? "figured " : "") + words.look)
  table.append(grid.head, grid.body)

  // New data must not take away what a person is at: the cell with the focus, the box under the pointer.
  const was = (element) => element && element.dataset && element.dataset.what
  const [at_focus, at_pointer] = [was(root.getRootNode().activeElement), was(root.pointed)]
  placed(grid, table)
  grid.scrolled()
  const box = boxOf(grid)
  const stops = stopsOf(grid)
  boxFollows(grid, box)
  keysLead(grid, box, stops)
  const focus = stops.again(at_focus)
  if (focus) {
    stops.stop_at(focus)
    focus.focus({ preventScroll: true })
  } else if (stops.again(at_pointer)) box.show(stops.again(at_pointer))
  else box.hide()
  parentElement.querySelector(".marks").replaceChildren(...legendOf(data, words, box))
  root.leave = box.hide
  return box.hide
}
