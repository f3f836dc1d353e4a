// The grid of nights by keyboard. Two stops for the tab key: the nights, and the rows with their cells; arrows lead on
// within them.

const stopsOf = ({ data, told, head, body }) => {
  const days = [...head.querySelectorAll(".day")]
  const cells = [...told.keys()]
  const all = [...cells, ...body.querySelectorAll(".toggle")]
  const at = new Map(all.map((element) => [element.dataset.place + "/" + element.dataset.at, element]))
  const stop_at = (element) => {
    for (const other of days.includes(element) ? days : all) if (other.tabIndex === 0) other.tabIndex = -1
    element.tabIndex = 0
  }
  const start = cells.find((element) => element.classList.contains("failed") && told.get(element).slot.framed) || all[0]
  stop_at(head.querySelector(".framed .day") || days[days.length - 1])
  if (start) stop_at(start)

  const next = (element, down, right) => {
    let place = Number(element.dataset.place)
    let column = Number(element.dataset.at)
    for (let step = 0; step <= Math.max(data.slots.length, data.rows.length); step++) {
      place += down
      column += right
      const found = at.get(place + "/" + column)
      if (found) return found
    }
    if (right >= 0) return null
    // What is in a row has no arrow of its own: to that of its row.
    for (place = Number(element.dataset.place); place >= 0; place--) if (at.has(place + "/-1")) return at.get(place + "/-1")
    return null
  }
  // In the line of nights arrows lead from night to night.
  const day_from = (day, key) => {
    const place = days.indexOf(day)
    const last = days.length - 1
    return days[{ ArrowLeft: Math.max(0, place - 1), ArrowRight: Math.min(last, place + 1), Home: 0, End: last }[key]]
  }
  const again = (what) => what && [...all, ...days].find((element) => element.dataset.what === what)
  return { stop_at, next, day_from, again }
}

const ARROWS = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

const keysLead = ({ root, told }, box, stops) => {
  root.onclick = (event) => {
    const found = told.get(closestCell(event))
    if (!found || !event.altKey || !found.cell.job) return
    event.preventDefault()
    window.open(found.cell.job, "_blank", "noopener,noreferrer")
  }
  root.onkeydown = (event) => {
    const element = closestCell(event)
    if (element && box.of() === element && event.key === "Escape") return box.hide()
    if (element && box.of() === element && event.key === "Tab" && !event.shiftKey && box.links().length) {
      event.preventDefault()
      return box.links()[0].focus()
    }
    const from = element || (event.target.closest && event.target.closest(".toggle, .day"))
    if (!from || event.altKey || event.ctrlKey || event.metaKey) return
    const is_day = from.classList.contains("day")
    if (is_day ? !stops.day_from(from, event.key) : !ARROWS[event.key]) return
    event.preventDefault()
    const is_open = from.getAttribute("aria-expanded") === "true"
    // On a row's arrow: right opens what is closed, and goes on to its cells where it is open; left closes.
    if (!element && !is_day && event.key === (is_open ? "ArrowLeft" : "ArrowRight")) return from.click()
    const found = is_day ? stops.day_from(from, event.key) : stops.next(from, ...ARROWS[event.key])
    if (!found) return
    stops.stop_at(found)
    found.focus()
  }
}
