/** Sizes on the stage that views and layout share, CSS pixels. */

/** Deadlines run around a glyph this far outside of it. */
export const ARC_ROOM = 10
/** Nothing stands nearer to the edge of the stage. */
export const EDGE = 8
/** A client's mark, and how far outside of it its deadline runs. */
export const CLIENT = { width: 34, height: 20 } as const
export const SMALL_CLIENT = { width: 24, height: 16 } as const
export const CLIENT_ARC = 4.5
/** What the words in the middle of the ring need. */
export const MIDDLE = { width: 120, height: 64 } as const
