/** Judges the run beside the page, so that the page's own thread has its time for drawing. */
import { EnsembleChecker } from '../../check/checker.ts'
import { Histories, type PathVerdict } from '../../check/histories.ts'
import type { FromJudge, PathHistory, Tally, ToJudge } from './judgement.ts'

/** The page hears of counts so often, of what breaks at once. */
const TELL_MS = 200
/** Paths whose history is shown. */
const PATHS = 20

const checker = new EnsembleChecker()
const histories = new Histories('unknown')
const told = new Map<string, string>()
let breaches = 0
let timer: ReturnType<typeof setTimeout> | undefined

const tell = (news: FromJudge): void => postMessage(news)

function tellJudged(): void {
  clearTimeout(timer)
  timer = undefined
  const tallies: { [id: string]: Tally } = {}
  for (const { id, judged, broken } of checker.properties) {
    const text = `${judged} ${broken}`
    if (told.get(id) === text) continue
    told.set(id, text)
    tallies[id] = { judged, broken }
  }
  const titles = new Map(checker.properties.map(({ id, title }) => [id, title]))
  const fresh = checker.violations.slice(breaches)
  breaches = checker.violations.length
  tell({
    kind: 'judged',
    tallies,
    breaches: fresh.map((violation) => ({ ...violation, title: titles.get(violation.property) ?? violation.property })),
  })
}

function historyOf({ path, operations, verdict }: PathVerdict): PathHistory {
  const stuck = verdict.is === 'broken' ? verdict.stuck : []
  return {
    path,
    verdict: verdict.is,
    stuck: stuck.map((operation) => operations.indexOf(operation)),
    operations: operations.map(({ client, from, to, isRead, text }) => ({
      client,
      from,
      to: Number.isFinite(to) ? to : undefined,
      isRead,
      text,
    })),
  }
}

self.onmessage = ({ data }: MessageEvent<ToJudge>) => {
  if (data.kind === 'histories')
    return tell({ kind: 'histories', paths: histories.judge().slice(-PATHS).map(historyOf) })
  checker.onEvents(data.events)
  for (const event of data.events) histories.onEvent(event)
  if (checker.violations.length > breaches) tellJudged()
  else timer ??= setTimeout(tellJudged, TELL_MS)
}
