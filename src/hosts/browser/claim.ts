/** One page owns an ensemble. A second tab with the same files and channels would make one broken ensemble of two. */

export interface Claim {
  release(): void
}

/** The page that was here a moment ago, before a reload, may still hold it for so long. */
const HANDOVER_MS = 500

/** 'taken' when another page has this ensemble. The claim ends with the page, or by release(). */
export const claimEnsemble = async (id: string): Promise<Claim | 'taken'> => {
  // No locks without a secure context, and no storage either: nothing to damage.
  if (!navigator.locks) return { release: () => {} }
  return new Promise((resolve) => {
    navigator.locks
      .request(
        `vivarium/${id}`,
        { signal: AbortSignal.timeout(HANDOVER_MS) },
        () => new Promise<void>((release) => resolve({ release })),
      )
      .catch(() => resolve('taken'))
  })
}
