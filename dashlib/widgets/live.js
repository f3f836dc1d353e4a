// Asks for the page anew when data moved. Never while it is hidden, while a button of the mouse is down or while the
// page is being drawn; and no more often than a page that takes long can bear.
const EVERY = 1200
const LONGEST_RETRY = 30000
const LONGEST_RUN = 60000
// What is drawn stays as it is until it is replaced: the grey of waiting is for what a person asked for.
// An expander pales its summary without the mark that elements wear.
const STEADY =
  '[data-stale="true"], [data-testid="stExpander"] summary, [data-testid="stExpander"] summary > div' +
  " { opacity: 1 !important; transition: none !important }" +
  '[data-testid="stStatusWidget"] { visibility: hidden }'
// These look again by themselves (``freshness.py``), which is no reason either; where motion is reduced it shows at once.
const BY_ITSELF = ".st-key-freshness [data-stale], .st-key-sync_card [data-stale] { opacity: 1 !important; transition: none !important }"

const begin = () => {
  const tab = { shown: null, news: null, ask: null, asked: 0, next: 0, timer: 0, retry: 500, held: false, over: false }
  const steady = document.createElement("style")
  steady.textContent = STEADY
  const byItself = document.createElement("style")
  byItself.textContent = BY_ITSELF
  document.head.append(byItself)

  const drawing = () =>
    ["running", "rerunRequested"].includes(document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState)
  const newer = () =>
    tab.news && tab.shown && (tab.news.data !== tab.shown.data || (tab.shown.behind && tab.news.copies !== tab.shown.copies))
  const plan = () => {
    if (tab.over || tab.timer || !newer()) return
    tab.timer = setTimeout(go, Math.max(0, tab.next - Date.now()))
  }
  const go = () => {
    tab.timer = 0
    if (tab.over || !newer() || document.hidden || tab.held) return
    if (drawing() || (tab.asked && Date.now() - tab.asked < LONGEST_RUN)) {
      tab.timer = setTimeout(go, 100)
      return
    }
    tab.asked = Date.now()
    document.head.append(steady)
    tab.ask(tab.asked)
  }
  // What the new run no longer has stands, stale, until Streamlit has heard that the run ended: a moment after ``drawn``.
  const unsteady = () => {
    if (tab.asked) return
    if (drawing()) requestAnimationFrame(unsteady)
    else steady.remove()
  }
  tab.drawn = () => {
    const now = Date.now()
    const took = tab.asked ? now - tab.asked : 0
    if (tab.asked) tab.next = Math.max(tab.asked + EVERY, now + took / 2)
    tab.asked = 0
    unsteady()
    plan()
  }

  const connect = () => {
    if (tab.over) return
    // Pages are one word below the root, wherever a proxy puts that.
    const address = new URL("live", location.href)
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:"
    address.search = address.hash = ""
    const socket = (tab.socket = new WebSocket(address))
    socket.onmessage = (said) => {
      tab.retry = 500
      tab.news = JSON.parse(said.data)
      plan()
    }
    socket.onclose = () => {
      tab.retry = Math.min(2 * tab.retry, LONGEST_RETRY)
      tab.again = setTimeout(connect, tab.retry * (0.5 + Math.random()))
    }
  }
  const pressed = () => {
    tab.held = true
    // What a person does now is answered as ever.
    steady.remove()
  }
  const released = () => {
    tab.held = false
    plan()
  }
  const heard = [
    [document, "visibilitychange", plan],
    [window, "pointerdown", pressed],
    [window, "pointerup", released],
    [window, "pointercancel", released],
    [window, "blur", released],
  ]
  for (const [where, what, call] of heard) where.addEventListener(what, call, true)
  tab.end = () => {
    tab.over = true
    clearTimeout(tab.timer)
    clearTimeout(tab.again)
    for (const [where, what, call] of heard) where.removeEventListener(what, call, true)
    steady.remove()
    byItself.remove()
    tab.socket.onclose = null
    tab.socket.close()
  }
  connect()
  return tab
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector("span")
  if (!root.tab || root.tab.over) root.tab = begin()
  const tab = root.tab
  tab.ask = (moment) => setTriggerValue("moved", moment)
  if (!tab.shown || tab.shown.run !== data.run) {
    tab.shown = data
    tab.drawn()
  }
  return tab.end
}
