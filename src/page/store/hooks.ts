/** How a view reads the page: `usePicture` for what happens in the ensemble, `usePage` for the user's choices and
 *  verbs, `useFrame` for what is drawn sixty times a second. */
import { createContext, useContext, useEffect, useRef, useSyncExternalStore } from 'react'
import { useStore } from 'zustand'
import { shallow } from 'zustand/vanilla/shallow'
import type { TraceEvent } from '../../core/trace.ts'
import type { Picture } from '../../trace/picture.ts'
import type { Judgement } from '../checks/checks.ts'
import type { PathHistory } from '../checks/judgement.ts'
import type { Page } from './page.ts'
import type { PageState } from './state.ts'

export const PageContext = createContext<Page | undefined>(undefined)

export function useVivarium(): Page {
  const page = useContext(PageContext)
  if (page === undefined) throw new Error('outside of PageContext')
  return page
}

/** User's choices and verbs. For several fields wrap the selector in useShallow. */
export function usePage<T>(select: (state: PageState) => T): T {
  return useStore(useVivarium().store, select)
}

/** Part of the picture at the cursor, at most ten times a second. Re-renders when the selection differs shallowly.
 *  The picture is immutable: an unchanged server, client or list is the same object as before. Its trees are
 *  not: select `treeRevision` beside `tree`. */
export function usePicture<T>(select: (picture: Picture) => T): T {
  const { playback } = useVivarium()
  const last = useRef<{ readonly value: T } | undefined>(undefined)
  return useSyncExternalStore(playback.onPublish, () => {
    const value = select(playback.published)
    if (last.current !== undefined && shallow(last.current.value, value)) return last.current.value
    last.current = { value }
    return value
  })
}

/** Events up to the cursor, oldest first, at most ten times a second. The array grows in place up to its bound: a new
 *  `revision` says that it changed. */
export function useEvents(): { readonly events: readonly TraceEvent[]; readonly revision: number } {
  const { playback } = useVivarium()
  return useSyncExternalStore(playback.onPublish, () => playback.publishedEvents)
}

/** What the checkers have found so far, ahead of the cursor. */
export function useJudgement(): Judgement {
  const { checks } = useVivarium()
  return useSyncExternalStore(checks.onChange, () => checks.judgement)
}

/** Clients' histories, as they were when they were last asked for. */
export function useHistories(): readonly PathHistory[] {
  const { checks } = useVivarium()
  return useSyncExternalStore(checks.onChange, () => checks.histories)
}

/** Runs `draw` in each animation frame in which the cursor or the picture moved, and once at the start. `picture.at` is the
 *  cursor: a message is at (at - sentAt) / (arrivesAt - sentAt) of its way. */
export function useFrame(draw: (picture: Picture) => void): void {
  const { playback } = useVivarium()
  const latest = useRef(draw)
  useEffect(() => {
    latest.current = draw
  })
  useEffect(() => {
    latest.current(playback.picture)
    return playback.onFrame((picture) => latest.current(picture))
  }, [playback])
}
