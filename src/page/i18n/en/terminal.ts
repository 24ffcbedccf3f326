export const terminal = {}
