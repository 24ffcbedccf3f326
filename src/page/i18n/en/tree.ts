export const tree = {}
