/** `npm test`: everything that decides whether the project is sound, one step after the other. A failing step does not
 *  stop the next ones. The last line counts the tests; the exit code is 0 only when every step was good. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { findChromium, findProgram } from './chromium.mjs'

const cache = resolve('node_modules/.cache/test')
rmSync(cache, { recursive: true, force: true })
mkdirSync(cache, { recursive: true })
const unitReport = `${cache}/unit.json`
const pageReport = `${cache}/page.json`

needChromium()

/** @type {{ passed: number, failed: number, skipped: number }} */
const total = { passed: 0, failed: 0, skipped: 0 }
/** @type {string[]} */
const badSteps = []

step('typecheck', 'npm', ['run', '--silent', 'typecheck'])
step('lint', 'npm', ['run', '--silent', 'lint'])
step('knip', 'npm', ['run', '--silent', 'knip'])
step('unit', 'npm', [
  ...['run', '--silent', 'test:unit', '--', '--reporter=default', '--reporter=json'],
  `--outputFile.json=${unitReport}`,
])
count('unit', unitReport, countUnit)
step('page', 'npm', ['run', '--silent', 'test:page', '--', '--reporter=list,json'], {
  PLAYWRIGHT_JSON_OUTPUT_FILE: pageReport,
})
count('page', pageReport, countPage)

console.log()
if (badSteps.length > 0) console.log(`not sound: ${badSteps.join(', ')}`)
if (total.skipped > 0) console.log(`${total.skipped} skipped`)
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exit(badSteps.length > 0 || total.failed > 0 || total.passed === 0 ? 1 : 0)

/**
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
function step(name, command, args, env = {}) {
  console.log(`\n== ${name}`)
  const { status } = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  if (status !== 0) badSteps.push(name)
}

/**
 * A step that left no report has failed before its first test.
 * @param {string} name
 * @param {string} file
 * @param {(report: any) => { passed: number, failed: number, skipped: number }} read
 */
function count(name, file, read) {
  try {
    const found = read(JSON.parse(readFileSync(file, 'utf8')))
    total.passed += found.passed
    total.failed += found.failed
    total.skipped += found.skipped
  } catch {
    if (!badSteps.includes(name)) badSteps.push(name)
  }
}

/** @param {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number, testResults: { status: string, assertionResults: unknown[] }[] }} report vitest's */
function countUnit(report) {
  // A file that cannot even be loaded has no tests to count, but it has failed.
  const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/** @param {{ stats: { expected: number, flaky: number, unexpected: number, skipped: number }, errors: unknown[] }} report Playwright's */
function countPage({ stats }) {
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected, skipped: stats.skipped }
}

/** Page tests need a browser: take the one there is, else install Debian's where that is possible, else say what to do. */
function needChromium() {
  if (findChromium() !== undefined) return
  if (process.getuid?.() === 0 && findProgram('apt-get') !== undefined) {
    console.log('== no Chromium found: installing the package chromium')
    const options = {
      stdio: /** @type {const} */ ('inherit'),
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }
    spawnSync('apt-get', ['update', '-q'], options)
    spawnSync('apt-get', ['install', '-qy', '--no-install-recommends', 'chromium'], options)
    if (findChromium() !== undefined) return
  }
  console.error(
    'The page tests need Chromium and none was found. Install it (Debian: `apt-get install chromium`),\n' +
      'or name an executable of Chromium or Chrome in the environment variable CHROMIUM, and run `npm test` again.',
  )
  process.exit(1)
}
