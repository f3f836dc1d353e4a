// The grid of nights: its table. Everything is put in as text, never as markup; links are checked by the server.

// Two lines: months, and days that can be chosen; behind them what the figures are called.
const headOf = ({ data, words, choose }) => {
  const head = made("thead")
  const months = made("tr", "months")
  const days = made("tr", "days")
  const leaving = made("th", "name")
  const corner = made("th", "name", data.corner)
  corner.scope = "col"
  months.append(leaving)
  days.append(corner)
  const named = []
  let month = null
  for (const slot of data.slots) {
    if (month && month.textContent === slot.month) month.colSpan += 1
    else {
      month = made("th", "month")
      month.append(made("span", "", slot.month))
      months.append(month)
      named.push([month, slot.month])
      month.title = slot.month
    }
    days.append(dayOf(slot, choose))
  }
  days.lastElementChild.classList.add("newest")
  if (words.figured) {
    const blank = made("th", "month")
    blank.colSpan = data.figures.length
    months.append(blank)
    for (const [name, about] of data.figures) {
      const figure = made("th", "figure", name)
      figure.scope = "col"
      figure.title = about
      days.append(figure)
    }
  }
  head.append(months, days)
  return { head, corner, leaving, named }
}

const dayOf = (slot, choose) => {
  const day = made("th", (slot.weekend ? "weekend " : "") + (slot.framed ? "framed" : ""))
  day.scope = "col"
  const button = made("button", "day", slot.day)
  button.type = "button"
  button.title = slot.title + ": frame it, and list its failed jobs below"
  button.onclick = () => choose(slot.iso)
  button.tabIndex = -1
  button.dataset.what = "day " + slot.iso
  day.append(button)
  return day
}

// A line for each row; ``told`` learns which element shows which cell.
const bodyOf = (grid) => {
  const { data, words } = grid
  const body = made("tbody")
  data.rows.forEach((row, place) => {
    const line = made("tr", row.heading ? "heading" : "level" + row.level)
    line.append(nameOf(grid, row, place))
    const cells = new Map([...row.cells, ...(row.passed || []).map(passedOf)].map((cell) => [cell.at, cell]))
    data.slots.forEach((slot, at) => {
      const box = made("td", slot.framed ? "framed" : slot.weekend ? "weekend" : "")
      const cell = cells.get(at)
      if (cell) {
        const mark = cellOf(words, row, slot, cell)
        mark.dataset.at = at
        mark.dataset.place = place
        grid.told.set(mark, { row, slot, cell })
        box.append(mark)
      }
      line.append(box)
    })
    for (const [index] of data.figures.entries()) line.append(made("td", "figure", row.heading ? "" : row.figures[index]))
    body.append(line)
  })
  return body
}

const nameOf = ({ words, toggle }, row, place) => {
  const name = made("th", "name")
  name.scope = "row"
  if (row.heading) {
    name.append(made("span", "label", row.label), made("span", "aside", row.aside))
    return name
  }
  if (row.key) {
    const arrow = made("button", "toggle", row.open ? "▾" : "▸")
    arrow.type = "button"
    arrow.setAttribute("aria-expanded", String(row.open))
    arrow.setAttribute("aria-label", (row.open ? "Close " : "Open ") + row.title)
    arrow.onclick = () => toggle(row.key)
    arrow.tabIndex = -1
    arrow.dataset.place = place
    arrow.dataset.at = -1
    arrow.dataset.what = "row " + row.key
    name.append(arrow)
  }
  const label = made("span", "label")
  if (row.front) label.append(made("span", "front", row.front))
  label.append(made("span", "", row.label))
  label.title = row.title + "\n" + row.about
  name.append(label)
  // The figures say it, too.
  if (!words.figured) name.append(made("span", "aside", row.aside))
  return name
}

const cellOf = (words, row, slot, cell) => {
  const mark = made(cell.href ? "a" : "span", row.heading ? "cell sum" : "cell " + cell.state)
  const others = words.beside(cell)
  const first = row.heading ? cell.count : words.said(cell)
  if (others && first === undefined) mark.textContent = others
  else if (others) {
    mark.classList.add("several")
    mark.append(made("span", "", first), made("span", "others", others))
  } else mark.textContent = first
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
  if (marksOf(cell).length) mark.dataset.marks = marksOf(cell).join(" ")
  mark.tabIndex = -1
  mark.dataset.what = (row.key || row.title || row.label) + "\n" + slot.iso
  // What leads nowhere may have a name only where it is a picture.
  if (!cell.href) mark.setAttribute("role", "img")
  mark.setAttribute("aria-label", [row.title || row.label, slot.title, ...cell.tip.map((part) => part.join(": "))].join("; "))
  return mark
}

// A month of which few nights are left in sight is told in the corner; one that begins at the edge has its short name.
const labelMonths = ({ root, words }, { corner, leaving, named }) => {
  const from = root.scrollLeft + corner.offsetWidth
  let told_in_corner = ""
  for (const [month, name] of named) {
    const begin = Math.max(from, month.offsetLeft)
    const left = month.offsetLeft + month.offsetWidth - begin - 8
    const fits = [name, name.split(" ")[0]].find((word) => words.wide(word) * 1.2 <= left) || ""
    const [label] = month.children
    if (label.textContent !== fits) label.textContent = fits
    if (left > -8 && month.offsetLeft < from && fits !== name) [told_in_corner, label.textContent] = [name, ""]
  }
  if (leaving.textContent !== told_in_corner) leaving.textContent = told_in_corner
}
