/**
 * @param {string} file
 * @param {string} find
 * @param {string} replace
 * @returns {import('../mutants.mjs').Change}
 */
export const change = (file, find, replace) => ({ file, find, replace })
