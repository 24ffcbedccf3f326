/** What the user looks at. */
import type { Slice } from './page.ts'
import type { PanelsSlice, SelectionSlice } from './state.ts'

export const selectionSlice: Slice<SelectionSlice> = (set) => ({
  selected: undefined,
  treeServer: 'leader',
  znode: undefined,
  event: undefined,
  select(what) {
    set({ selected: what })
  },
  showTreeOf(server) {
    set({ treeServer: server })
  },
  selectZnode(path) {
    set({ znode: path })
  },
  selectEvent(event) {
    set({ event })
  },
})

export const panelsSlice: Slice<PanelsSlice> = (set) => ({
  theme: 'system',
  front: [],
  setTheme(theme) {
    set({ theme })
  },
  showPane(pane) {
    set(({ front }) => ({ front: [pane, ...front.filter((other) => other !== pane)] }))
  },
})
