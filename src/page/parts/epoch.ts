/** Colour means epoch, and nothing else. Six colours in turn; the number is printed wherever the colour is used. */
export const EPOCH_COLOURS = 6

/** 1 … 6 for an epoch that exists, 0 before the first one. */
export const epochSlot = (epoch: number): number => (epoch <= 0 ? 0 : ((epoch - 1) % EPOCH_COLOURS) + 1)

export const epochColour = (epoch: number): string => `var(--epoch-${epochSlot(epoch)})`
