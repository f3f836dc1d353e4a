// Events as sentences, by day. Everything is put in as text, never as markup; links are checked by the server.
const made = (tag, className, text) => {
  const element = document.createElement(tag)
  if (className) element.className = className
  if (text !== undefined) element.textContent = text
  return element
}

const sentence = item => {
  const line = made("li")
  const said = made("span", "said")
  said.append(made("b", "", item.who))
  for (const part of item.parts) {
    if (!part.href) {
      said.append(part.text)
      continue
    }
    const link = made("a", "", part.text)
    link.href = part.href
    link.target = "_blank"
    link.rel = "noopener noreferrer"
    said.append(link)
  }
  const when = made("time", "", item.ago)
  when.title = item.at
  line.append(said, when)
  return line
}

export default function (component) {
  const parts = []
  for (const day of component.data.days) {
    const events = made("ul")
    events.append(...day.items.map(sentence))
    parts.push(made("h3", "", day.day), events)
  }
  component.parentElement.querySelector(".stream").replaceChildren(...parts)
}
