// The grid of nights. Everything it shows is put in as text, never as markup; links are checked by the server.
const SIGNS = { missing: "∅", late: "◔", running: "…", canceled: "–", warned: "!", passed: "", off: "·", failed: "×" }

const made = (tag, className, text) => {
  const element = document.createElement(tag)
  if (className) element.className = className
  if (text !== undefined) element.textContent = text
  return element
}

export default function (component) {
  const { parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".grid")
  const card = parentElement.querySelector(".card")
  const legend = parentElement.querySelector(".marks")
  // A run of the page that changes nothing here must not take the focus away.
  const text = new TextDecoder().decode(component.data)
  if (root.drawn === text) return root.leave
  root.drawn = text
  const data = JSON.parse(text)
  const told = new Map()
  const spare = document.createDocumentFragment()
  const across = data.slots.length

  // A, B … Z, AA, AB …: as a spreadsheet names its columns.
  const letterOf = (mark) =>
    mark ? letterOf(Math.floor((mark - 1) / 26)) + String.fromCharCode(65 + ((mark - 1) % 26)) : ""
  const minutesOf = ({ minutes }) => (minutes >= 500 ? Math.floor(minutes / 60) + "h" : String(minutes ?? ""))
  const tookOf = (minutes) =>
    minutes < 60 ? minutes + " min" : Math.floor(minutes / 60) + " h " + String(minutes % 60).padStart(2, "0") + " min"
  // What passed comes as night, link and minutes alone.
  const passed = ([at, href, minutes]) => {
    const took = minutes === null ? [] : [["Run time", tookOf(minutes)]]
    return { at, state: "passed", href, minutes, tip: [["State", "passed"], ...took] }
  }
  const said = (cell) => {
    if (data.times) return minutesOf(cell)
    if (cell.state !== "failed") return cell.count > 1 && cell.state === "missing" ? SIGNS.missing : SIGNS[cell.state]
    return letterOf(cell.mark) + (cell.count > 1 || !cell.mark ? cell.count || SIGNS.failed : "")
  }

  const head = made("thead")
  const months = made("tr", "months")
  const days = made("tr", "days")
  months.append(made("th", "name"))
  const corner = made("th", "name", data.corner)
  corner.scope = "col"
  days.append(corner)
  let month = null
  data.slots.forEach((slot, index) => {
    if (month && month.textContent === slot.month) month.colSpan += 1
    else {
      month = made("th", "month", slot.month)
      months.append(month)
    }
    const day = made("th", (slot.weekend ? "weekend " : "") + (slot.framed ? "framed" : ""))
    day.scope = "col"
    const choose = made("button", "day", slot.day)
    choose.type = "button"
    choose.title = slot.title + ": frame it, and list its failed jobs below"
    choose.onclick = () => setTriggerValue("frame", slot.iso)
    day.append(choose)
    days.append(day)
    if (index === across - 1) day.classList.add("newest")
  })
  head.append(months, days)

  const body = made("tbody")
  data.rows.forEach((row, place) => {
    const line = made("tr", row.heading ? "heading" : "level" + row.level)
    const name = made("th", "name")
    name.scope = "row"
    if (row.heading) name.append(made("span", "label", row.label), made("span", "aside", row.aside))
    else {
      if (row.key) {
        const toggle = made("button", "toggle", row.open ? "▾" : "▸")
        toggle.type = "button"
        toggle.setAttribute("aria-expanded", String(row.open))
        toggle.setAttribute("aria-label", (row.open ? "Close " : "Open ") + row.title)
        toggle.onclick = () => setTriggerValue("toggle", row.key)
        name.append(toggle)
      }
      const label = made("span", "label")
      if (row.front) label.append(made("span", "front", row.front))
      label.append(made("span", "", row.label))
      label.title = row.title
      name.append(label, made("span", "aside", row.aside))
    }
    line.append(name)
    const cells = new Map([...row.cells, ...(row.passed || []).map(passed)].map((cell) => [cell.at, cell]))
    for (let at = 0; at < across; at++) {
      const slot = data.slots[at]
      const box = made("td", slot.framed ? "framed" : slot.weekend ? "weekend" : "")
      const cell = cells.get(at)
      if (cell && row.heading) {
        box.append(made("span", "sum", cell.count || ""))
      } else if (cell) {
        const mark = made(cell.href ? "a" : "span", "cell " + cell.state, said(cell))
        if (cell.isNew) mark.classList.add("new")
        if (cell.byHand) mark.classList.add("hand")
        if (cell.partly) mark.classList.add("partly")
        if (cell.href) {
          mark.href = cell.href
          if (!cell.failure) {
            mark.target = "_blank"
            mark.rel = "noopener noreferrer"
          }
        }
        if (cell.mark) mark.dataset.mark = cell.mark
        mark.tabIndex = -1
        mark.dataset.at = at
        mark.dataset.place = place
        mark.dataset.what = (row.key || row.title) + "\n" + slot.iso
        // What leads nowhere may have a name only where it is a picture.
        if (!cell.href) mark.setAttribute("role", "img")
        mark.setAttribute("aria-label", [row.title, slot.title, ...cell.tip.map((part) => part.join(": "))].join("; "))
        told.set(mark, { row, slot, cell })
        box.append(mark)
      }
      line.append(box)
    }
    body.append(line)
  })
  const table = made("table", (data.wide ? "reason " : "") + (across > 45 ? "dense" : across > 20 ? "middling" : "wide"))
  table.append(head, body)
  spare.append(table)
  // New data must not take away what a person is at: the cell with the focus, the box under the pointer.
  const was = (element) => element && element.dataset && element.dataset.what
  const at_focus = was(root.getRootNode().activeElement)
  const at_pointer = was(root.pointed)
  const kept = { top: root.scrollTop, drawn: root.childElementCount > 0, left: root.scrollLeft }
  root.replaceChildren(spare)
  root.scrollTop = kept.drawn ? kept.top : 0
  root.scrollLeft = kept.drawn ? kept.left : root.scrollWidth

  const highlight = (mark) => {
    root.classList.toggle("some", Boolean(mark))
    for (const element of root.querySelectorAll(".same")) element.classList.remove("same")
    if (mark) for (const element of root.querySelectorAll('[data-mark="' + Number(mark) + '"]')) element.classList.add("same")
  }

  const show = (element) => {
    const found = told.get(element)
    if (!found) return hide()
    const { row, slot, cell } = found
    const title = made("div", "title", row.title)
    const lines = made("dl")
    const pairs = [["Night", slot.title], ...cell.tip]
    for (const [word, text] of pairs) lines.append(made("dt", "", word), made("dd", "", text))
    card.replaceChildren(title, lines)
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
    if (cell.issue) way("its issue", cell.issue)
    if (cell.form !== undefined) way("new issue", data.forms[cell.form])
    if (ways.childElementCount) card.append(ways)
    card.style.display = "block"
    root.pointed = element
    const box = element.getBoundingClientRect()
    const size = card.getBoundingClientRect()
    const left = Math.max(8, Math.min(box.left + box.width / 2 - size.width / 2, window.innerWidth - size.width - 8))
    const below = box.bottom + 8 + size.height < window.innerHeight
    card.style.left = left + "px"
    card.style.top = (below ? box.bottom + 4 : Math.max(8, box.top - size.height - 4)) + "px"
    highlight(cell.mark)
  }
  // The way from a cell to the links in its box leads over other cells: the box waits a moment before it goes or changes.
  const later = (act) => {
    clearTimeout(root.waiting)
    root.waiting = setTimeout(act, card.style.display === "block" ? 220 : 0)
  }
  card.onmouseenter = () => clearTimeout(root.waiting)
  card.onmouseleave = () => later(hide)
  const hide = () => {
    clearTimeout(root.waiting)
    root.pointed = null
    card.style.display = "none"
    highlight(null)
  }
  // By keyboard: Tab leads from a cell to the links of its box and from the last of them on, Escape closes the box.
  const open = () => card.style.display === "block" && root.pointed
  const inside = () => [...card.querySelectorAll("a")]
  const back = (cell, quiet) => {
    root.quiet = quiet
    cell.focus()
    root.quiet = false
    if (quiet) hide()
  }
  card.onkeydown = (event) => {
    const links = inside()
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
  const cellOf = (event) => event.target.closest && event.target.closest(".cell")
  root.onmouseover = (event) => {
    const cell = cellOf(event)
    if (cell !== root.pointed) later(() => (cell ? show(cell) : hide()))
    else clearTimeout(root.waiting)
  }
  root.onmouseleave = () => later(hide)
  // Coming to a cell by keyboard scrolls to it: its box stays and moves along.
  const focused = () => told.has(root.getRootNode().activeElement) && root.getRootNode().activeElement
  root.onscroll = () => (focused() ? show(focused()) : hide())
  root.point = (event) => !root.quiet && cellOf(event) && show(cellOf(event))
  root.depart = (event) => !card.contains(event.relatedTarget) && hide()
  // These two events have no property to set: they are listened to once.
  if (!root.leave) {
    root.addEventListener("focusin", (event) => root.point(event))
    root.addEventListener("focusout", (event) => root.depart(event))
    card.addEventListener("focusout", (event) => {
      if (!card.contains(event.relatedTarget) && !root.contains(event.relatedTarget)) root.leave()
    })
  }
  root.onclick = (event) => {
    const found = told.get(cellOf(event))
    if (!found || !event.altKey || !found.cell.job) return
    event.preventDefault()
    window.open(found.cell.job, "_blank", "noopener,noreferrer")
  }

  // One stop for the tab key; arrows lead from cell to cell.
  const all = [...told.keys()]
  const start = all.find((element) => element.classList.contains("failed") && told.get(element).slot.framed) || all[0]
  if (start) start.tabIndex = 0
  const at = new Map(all.map((element) => [element.dataset.place + "/" + element.dataset.at, element]))
  const again = (what) => what && all.find((element) => element.dataset.what === what)
  const focus = again(at_focus)
  if (focus) {
    if (start) start.tabIndex = -1
    focus.tabIndex = 0
    focus.focus({ preventScroll: true })
  } else if (again(at_pointer)) show(again(at_pointer))
  else hide()
  const next = (element, down, right) => {
    let place = Number(element.dataset.place)
    let column = Number(element.dataset.at)
    for (let step = 0; step < Math.max(across, data.rows.length); step++) {
      place += down
      column += right
      const found = at.get(place + "/" + column)
      if (found) return found
    }
    return null
  }
  const ways = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }
  root.onkeydown = (event) => {
    const element = cellOf(event)
    if (element && open() === element && event.key === "Escape") return hide()
    if (element && open() === element && event.key === "Tab" && !event.shiftKey && inside().length) {
      event.preventDefault()
      return inside()[0].focus()
    }
    if (!element || !ways[event.key]) return
    event.preventDefault()
    const found = next(element, ...ways[event.key])
    if (!found) return
    element.tabIndex = -1
    found.tabIndex = 0
    found.focus()
  }

  const entries = data.marks.map(({ mark, text, about, href }) => {
    const entry = made("a", "entry")
    entry.href = href
    entry.title = about
    entry.append(made("b", "", letterOf(mark)), made("span", "", text), made("i", "", about))
    entry.onmouseenter = entry.onfocus = () => highlight(mark)
    entry.onmouseleave = entry.onblur = () => highlight(null)
    return entry
  })
  legend.replaceChildren(...entries.slice(0, data.few))
  if (entries.length > data.few) {
    const rest = made("details", "rest")
    const inside = made("div", "marks")
    inside.append(...entries.slice(data.few))
    rest.append(made("summary", "", entries.length - data.few + " more failures with a mark"), inside)
    legend.append(rest)
  }
  root.leave = hide
  return hide
}
