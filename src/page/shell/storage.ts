/** What the page remembers of the reader's taste. A browser may refuse; then nothing is remembered. */
export const memory = {
  getItem(key: string): string | null {
    try {
      return localStorage.getItem(`vivarium:${key}`)
    } catch {
      return null
    }
  },
  setItem(key: string, value: string): void {
    try {
      localStorage.setItem(`vivarium:${key}`, value)
    } catch {
      // Full or forbidden: only taste is lost.
    }
  },
}
