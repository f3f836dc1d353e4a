// The grid of nights: the box of a cell, which tells all that is known of it and holds its links.

const boxOf = ({ root, card, data, told }) => {
  const highlight = (marks) => {
    root.classList.toggle("some", marks.length > 0)
    for (const element of root.querySelectorAll(".same")) element.classList.remove("same")
    for (const mark of marks)
      for (const element of root.querySelectorAll('[data-marks~="' + Number(mark) + '"]')) element.classList.add("same")
  }
  const hide = () => {
    clearTimeout(root.waiting)
    root.pointed = null
    card.style.display = "none"
    highlight([])
  }
  const show = (element) => {
    const found = told.get(element)
    if (!found) return hide()
    const { row, slot, cell } = found
    const lines = made("dl")
    const pairs = [["Night", slot.title], ...cell.tip]
    for (const [word, text] of pairs) lines.append(made("dt", "", word), made("dd", "", text))
    card.replaceChildren(made("div", "title", row.title || row.label), lines)
    const ways = waysOf(cell, data.forms)
    if (ways.childElementCount) card.append(ways)
    card.style.display = "block"
    root.pointed = element
    const box = element.getBoundingClientRect()
    const size = card.getBoundingClientRect()
    const left = Math.max(8, Math.min(box.left + box.width / 2 - size.width / 2, window.innerWidth - size.width - 8))
    const below = box.bottom + 8 + size.height < window.innerHeight
    card.style.left = left + "px"
    card.style.top = (below ? box.bottom + 4 : Math.max(8, box.top - size.height - 4)) + "px"
    highlight(marksOf(cell))
  }
  const is_open = () => card.style.display === "block"
  // The way from a cell to the links in its box leads over other cells: the box waits a moment before it goes or changes.
  const later = (act) => {
    clearTimeout(root.waiting)
    root.waiting = setTimeout(act, is_open() ? 220 : 0)
  }
  return { highlight, hide, show, later, of: () => is_open() && root.pointed, links: () => [...card.querySelectorAll("a")] }
}

const waysOf = (cell, forms) => {
  const ways = made("div", "hint")
  const way = (text, href) => {
    const link = made("a", "", text)
    link.href = href
    link.target = "_blank"
    link.rel = "noopener noreferrer"
    ways.append(link)
  }
  if (cell.failure) ways.append(made("span", "", "Click or Enter: why it failed."))
  if (cell.job) way("the job (Alt + click, Alt + Enter)", cell.job)
  else if (cell.href && !cell.failure) way("on GitLab", cell.href)
  if (cell.extra) way("what was started by hand", cell.extra)
  if (cell.before) way("its newest pipeline before", cell.before)
  if (cell.issue) way("its issue", cell.issue)
  if (cell.form !== undefined) way("new issue", forms[cell.form])
  return ways
}

const closestCell = (event) => event.target.closest && event.target.closest(".cell")

// The box follows the pointer and the focus. By keyboard: Tab leads from a cell to the links of its box and from the
// last of them on, Escape closes the box.
const boxFollows = ({ root, card, told, scrolled }, box) => {
  card.onmouseenter = () => clearTimeout(root.waiting)
  card.onmouseleave = () => box.later(box.hide)
  const back = (cell, quiet) => {
    root.quiet = quiet
    cell.focus()
    root.quiet = false
    if (quiet) box.hide()
  }
  card.onkeydown = (event) => {
    const links = box.links()
    const from = links.indexOf(event.target)
    const cell = root.pointed
    if (!cell) return
    // The browser goes on from the cell, as if the box were not there.
    if (event.key === "Tab" && !event.shiftKey && from === links.length - 1) back(cell, true)
    else if (event.key === "Escape" || (event.key === "Tab" && event.shiftKey && from === 0)) {
      event.preventDefault()
      back(cell, event.key === "Escape")
    }
  }
  root.onmouseover = (event) => {
    const cell = closestCell(event)
    if (cell !== root.pointed) box.later(() => (cell ? box.show(cell) : box.hide()))
    else clearTimeout(root.waiting)
  }
  root.onmouseleave = () => box.later(box.hide)
  // Coming to a cell by keyboard scrolls to it: its box stays and moves along.
  const focused = () => told.has(root.getRootNode().activeElement) && root.getRootNode().activeElement
  root.onscroll = () => {
    scrolled()
    return focused() ? box.show(focused()) : box.hide()
  }
  root.point = (event) => !root.quiet && closestCell(event) && box.show(closestCell(event))
  root.depart = (event) => !card.contains(event.relatedTarget) && box.hide()
  // These two events have no property to set: they are listened to once.
  if (!root.leave) {
    root.addEventListener("focusin", (event) => root.point(event))
    root.addEventListener("focusout", (event) => root.depart(event))
    card.addEventListener("focusout", (event) => {
      if (!card.contains(event.relatedTarget) && !root.contains(event.relatedTarget)) root.leave()
    })
  }
}
