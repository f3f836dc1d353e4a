// A night in four lines. Everything is put in as text, never as markup; links are checked by the server.
const made = (tag, className, text) => {
  const element = document.createElement(tag)
  if (className) element.className = className
  if (text !== undefined) element.textContent = text
  return element
}

export default function (component) {
  const root = component.parentElement.querySelector(".lines")
  const parts = []
  for (const line of component.data.lines) {
    const title = made("dt", line.kind + (line.count ? "" : " none"))
    title.append(made("span", "what", line.title), made("b", "", String(line.count)))
    const items = made("dd")
    for (const item of line.items) {
      const one = made("span", "item")
      const name = made(item.href ? "a" : "span", "who", item.name)
      name.title = item.title
      if (item.href) {
        name.href = item.href
        if (!item.href.startsWith("/")) {
          name.target = "_blank"
          name.rel = "noopener noreferrer"
        }
      }
      one.append(name, made("i", "", item.about))
      items.append(one)
    }
    if (line.more) items.append(made("span", "item", "and " + line.more + " more" + component.data.elsewhere))
    if (!line.count) items.append(made("span", "item none", "none"))
    parts.push(title, items)
  }
  root.replaceChildren(...parts)
}
