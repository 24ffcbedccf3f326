/** Where the Chromium is that page tests and benchmarks drive. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The environment's CHROMIUM, else the first known browser on PATH, else undefined. */
export function findChromium() {
  return process.env.CHROMIUM || NAMES.map(findProgram).find((file) => file !== undefined)
}

/**
 * An executable on PATH, or undefined.
 * @param {string} name
 */
export function findProgram(name) {
  const files = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name))
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** Switches that keep a headless run quiet and working as root. */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
