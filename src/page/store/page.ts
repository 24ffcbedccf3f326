/** Joins ensemble, playback and the user's choices into the page that the views see. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Ensemble, Storage } from '../../hosts/ensemble.ts'
import { Checks, type JudgePort } from '../checks/checks.ts'
import { Anchors } from './anchors.ts'
import { ensembleSlice } from './ensemble-slice.ts'
import { Playback } from './playback.ts'
import type { PageState } from './state.ts'
import { printShown, terminalSlice } from './terminal-slice.ts'
import { timeOf, timeSlice } from './time-slice.ts'
import { panelsSlice, selectionSlice } from './view-slice.ts'

export interface Page {
  readonly store: StoreApi<PageState>
  readonly playback: Playback
  readonly ensemble: Ensemble
  readonly anchors: Anchors
  readonly checks: Checks
}

/** What the slices work with. `store` is there once the first action runs. */
export interface Inside {
  readonly ensemble: Ensemble
  readonly playback: Playback
  readonly storage: Storage
}

export type Slice<T> = (
  set: (change: Partial<PageState> | ((state: PageState) => Partial<PageState>)) => void,
  get: () => PageState,
  inside: Inside,
) => T

/** `judge`: what judges the run; without it nothing does. */
export function createPage(ensemble: Ensemble, storage: Storage, clock?: () => number, judge?: JudgePort): Page {
  const checks = new Checks(judge)
  const playback: Playback = new Playback(
    ensemble,
    {
      onShown: (events) => printShown(store, events, playback.picture),
      onTrouble: ({ code, station, message }) => store.getState().report({ code, station, message }),
      onTold: (events) => checks.onEvents(events),
      onTime: () => store.setState(timeOf(playback)),
    },
    clock,
  )
  const inside = { ensemble, playback, storage }
  const store: StoreApi<PageState> = createStore<PageState>()((set, get) => ({
    ...ensembleSlice(set, get, inside),
    ...timeSlice(set, get, inside),
    ...selectionSlice(set, get, inside),
    ...panelsSlice(set, get, inside),
    ...terminalSlice(set, get, inside),
  }))
  return { store, playback, ensemble, anchors: new Anchors(), checks }
}

/** The one requestAnimationFrame loop. Returns what ends it. */
export function runFrames(playback: Playback): () => void {
  let handle = requestAnimationFrame(function frame(nowMs) {
    playback.frame(nowMs)
    handle = requestAnimationFrame(frame)
  })
  return () => cancelAnimationFrame(handle)
}
