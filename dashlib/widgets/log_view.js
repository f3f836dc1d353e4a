// A log with its telling lines marked and the rest folded. Everything it shows is put in as text, never as markup.
export default function (component) {
  const { data, parentElement } = component
  const root = parentElement.querySelector(".log")
  const marks = new Map(data.marks.map((number, index) => [number, index + 1]))
  const isOpen = (number) => data.open.some(([first, last]) => number >= first && number <= last)

  const button = (label, act) => {
    const made = document.createElement("button")
    made.type = "button"
    made.textContent = label
    made.onclick = act
    return made
  }
  const count = (number) => number.toLocaleString("en") + (number === 1 ? " line" : " lines")

  const drawn = (number, text) => {
    const line = document.createElement("div")
    line.className = marks.has(number) ? "line mark" : "line"
    const gutter = document.createElement("span")
    gutter.className = "number"
    gutter.textContent = number
    if (marks.has(number)) gutter.title = "Telling line " + marks.get(number) + " of " + marks.size
    const words = document.createElement("span")
    words.className = "text"
    words.textContent = text === "" ? " " : text
    line.append(gutter, words)
    return line
  }

  const folded = (first, lines) => {
    const fold = document.createElement("div")
    fold.className = "fold"
    const open = (from, to) => {
      const part = lines.slice(from, to).map((text, index) => drawn(first + from + index, text))
      const before = lines.slice(0, from)
      const after = lines.slice(to)
      const made = [...part]
      if (before.length) made.unshift(folded(first, before))
      if (after.length) made.push(folded(first + to, after))
      fold.replaceWith(...made)
    }
    const step = 25
    if (lines.length > 2 * step) fold.append(button("↓ " + step + " more", () => open(0, step)))
    fold.append(button("⋯ " + count(lines.length), () => open(0, lines.length)))
    if (lines.length > 2 * step) fold.append(button("↑ " + step + " more", () => open(lines.length - step, lines.length)))
    return fold
  }

  const notSent = (number) => {
    const note = document.createElement("div")
    note.className = "fold"
    note.textContent = count(number) + " not shown here: download the log"
    return note
  }

  const draw = (all) => {
    const made = []
    let next = 1
    for (const { first, lines } of data.pieces) {
      if (first > next) made.push(notSent(first - next))
      let closed = []
      const close = (number) => {
        if (closed.length) made.push(folded(number - closed.length, closed))
        closed = []
      }
      lines.forEach((text, index) => {
        const number = first + index
        if (all || isOpen(number)) {
          close(number)
          made.push(drawn(number, text))
        } else closed.push(text)
      })
      next = first + lines.length
      close(next)
    }
    if (next <= data.total) made.push(notSent(data.total - next + 1))
    root.replaceChildren(...made)
  }

  const toolbar = parentElement.querySelector(".tools")
  let all = false
  let wrap = root.dataset.wrap !== "off"
  const settle = () => root.classList.toggle("wrap", wrap)
  const unfold = button("Unfold all", () => {
    all = !all
    unfold.textContent = all ? "Fold again" : "Unfold all"
    draw(all)
  })
  const wrapping = button("Do not wrap", () => {
    wrap = !wrap
    root.dataset.wrap = wrap ? "on" : "off"
    wrapping.textContent = wrap ? "Do not wrap" : "Wrap lines"
    settle()
  })
  let at = -1
  const inOrder = [...marks.keys()].sort((one, other) => one - other)
  const go = button("Next telling line", () => {
    at = (at + 1) % inOrder.length
    const places = [...root.querySelectorAll(".mark")]
    const place = places[at % places.length]
    if (place) root.scrollTop = place.offsetTop - root.clientHeight / 3
  })
  toolbar.replaceChildren(...(inOrder.length > 1 ? [go] : []), unfold, wrapping)
  settle()
  draw(false)
  const first = root.querySelector(".mark")
  root.scrollTop = first ? Math.max(0, first.offsetTop - root.clientHeight / 3) : root.scrollHeight
}
