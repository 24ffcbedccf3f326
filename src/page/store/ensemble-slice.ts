/** Orders to the ensemble, and what goes wrong with it. */
import type { Slice } from './page.ts'
import type { EnsembleSlice, Trouble } from './state.ts'

/** Older troubles give way. */
const TROUBLES = 8

export const ensembleSlice: Slice<EnsembleSlice> = (set, get, { ensemble, playback, storage }) => {
  let lastTrouble = 0
  const order = async (run: () => Promise<void>, sid?: number): Promise<void> => {
    playback.wake()
    try {
      await run()
    } catch (error) {
      get().report({
        code: 'orderFailed',
        station: sid,
        message: error instanceof Error ? error.message : String(error),
      })
    }
  }
  return {
    config: ensemble.config,
    storage,
    troubles: [],
    start(sid) {
      get().echo(`:start ${sid}`)
      return order(() => ensemble.start(sid), sid)
    },
    kill(sid) {
      get().echo(`:kill ${sid}`)
      return order(() => ensemble.kill(sid), sid)
    },
    async crashLeader() {
      const { leader } = playback.picture
      get().echo(':crash leader')
      if (leader !== undefined) await order(() => ensemble.kill(leader), leader)
      return leader
    },
    cleanSlate() {
      return order(async () => {
        await ensemble.wipe()
        if (typeof location !== 'undefined') location.reload()
      })
    },
    report(trouble) {
      // The same complaint again is not news.
      const others = get().troubles.filter((other) => !isSame(other, trouble))
      set({ troubles: [...others, { ...trouble, id: ++lastTrouble }].slice(-TROUBLES) })
    },
    dismiss(id) {
      set((state) => ({ troubles: state.troubles.filter((trouble) => trouble.id !== id) }))
    },
  }
}

/** Another wrong option is another trouble; another failure of the same server's disk is not. */
const isSame = (one: Omit<Trouble, 'id'>, other: Omit<Trouble, 'id'>): boolean =>
  one.code === other.code &&
  one.station === other.station &&
  (one.code !== 'badOption' || one.message === other.message)
