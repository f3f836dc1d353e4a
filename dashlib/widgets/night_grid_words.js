// The grid of nights: what stands in a cell. First of the files that night_grid.py joins to one script.
const SIGNS = { missing: "∅", late: "◔", running: "…", canceled: "–", warned: "!", passed: "", off: "·", failed: "×" }

const made = (tag, className, text) => {
  const element = document.createElement(tag)
  if (className) element.className = className
  if (text !== undefined) element.textContent = text
  return element
}

const marksOf = ({ mark, also }) => [...(mark ? [mark] : []), ...(also || [])]
const minutesOf = ({ minutes }) => (minutes >= 500 ? Math.floor(minutes / 60) + "h" : String(minutes ?? ""))
const tookOf = (minutes) =>
  minutes < 60 ? minutes + " min" : Math.floor(minutes / 60) + " h " + String(minutes % 60).padStart(2, "0") + " min"
// What passed comes as night, link and minutes alone.
const passedOf = ([at, href, minutes]) => {
  const took = minutes === null ? [] : [["Run time", tookOf(minutes)]]
  return { at, state: "passed", href, minutes, tip: [["State", "passed"], ...took] }
}

// The words of cells as wide as these: letterOf a mark, said in a cell's first line and beside it in the second.
const wordsOf = (data, root) => {
  const across = data.slots.length
  const letters = new Map(data.marks.map(({ mark, letter }) => [mark, letter]))
  const letterOf = (mark) => letters.get(mark) || ""
  const figured = data.figures.length > 0
  const look = across > 45 ? "dense" : across > 20 ? "middling" : "wide"
  const [least, names] = [{ dense: 15, middling: figured ? 16 : 21, wide: 26 }[look], Math.min(320, root.clientWidth / 2)]
  const room = Math.max(least, (root.clientWidth - names - (figured ? 330 : 0)) / across) - 3
  const pen = document.createElement("canvas").getContext("2d")
  pen.font = "600 9.6px " + getComputedStyle(root).fontFamily

  const said = (cell) => {
    if (data.times) return minutesOf(cell)
    if (cell.state !== "failed") return cell.count > 1 && cell.state === "missing" ? SIGNS.missing : SIGNS[cell.state]
    return letterOf(cell.mark) + (cell.count > 1 || !cell.mark ? cell.count || SIGNS.failed : "")
  }
  // The letters of the other failures, as many as there is room for below the first line, and how many more there are.
  const beside = (cell) => {
    if (data.times) return ""
    const rest = (cell.state === "failed" ? cell.also || [] : marksOf(cell)).map(letterOf)
    const hidden = (count) => (count ? "+" + count : "")
    const gone = cell.gone ? SIGNS.missing + cell.gone : ""
    for (let count = rest.length; count > 0; count--) {
      const text = gone + rest.slice(0, count).join("") + hidden(rest.length - count + (cell.more || 0))
      if (pen.measureText(text).width <= room) return text
    }
    return gone || hidden(rest.length + (cell.more || 0))
  }
  return { letterOf, said, beside, figured, look, wide: (word) => pen.measureText(word).width }
}
