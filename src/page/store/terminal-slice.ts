/** Terminal tabs: each is a zkCli process of the ensemble. What it prints comes by the trace, so that an answer appears when the
 *  cursor reaches it, not before. Lines behind a colon are for the page itself (terminal/verbs.ts). */
import type { StoreApi } from 'zustand/vanilla'
import type { ClientState } from '../../core/client/trace.ts'
import type { TraceEvent } from '../../core/trace.ts'
import { CONDITIONS } from '../../trace/condition.ts'
import type { Picture } from '../../trace/picture.ts'
import { t } from '../i18n/i18n.ts'
import { parseVerb, type VerbError } from '../terminal/verbs.ts'
import type { Slice } from './page.ts'
import type { PageState, TerminalLine, TerminalSlice, TerminalTab } from './state.ts'
import { ConditionError, inRange } from './time-slice.ts'

/** Older lines and commands are forgotten. */
const LINES = 2000
const HISTORY = 500

let lastLine = 0
const lineOf = (stream: TerminalLine['stream'], text: string, prompt?: string): TerminalLine =>
  prompt === undefined ? { id: ++lastLine, stream, text } : { id: ++lastLine, stream, text, prompt }

/** As zkCli writes it. */
export const promptOf = (tab: Pick<TerminalTab, 'connect' | 'commands'>, state: ClientState): string =>
  `[zk: ${tab.connect}(${state}) ${tab.commands}] `

const withLines = (tab: TerminalTab, lines: readonly TerminalLine[]): TerminalTab => ({
  ...tab,
  lines: [...tab.lines, ...lines].slice(-LINES),
})

export const terminalSlice: Slice<TerminalSlice> = (set, get, { ensemble, playback }) => {
  let lastTab = 0
  /** Resolve with the tab's station when its process is there. */
  const opening = new Map<number, Promise<number>>()
  /** zkCli reads a line when it has answered the one before. */
  const lastAnswer = new Map<number, Promise<unknown>>()

  const change = (id: number, how: (tab: TerminalTab) => TerminalTab): void =>
    set((state) => ({ tabs: state.tabs.map((tab) => (tab.id === id ? how(tab) : tab)) }))
  const print = (id: number, stream: TerminalLine['stream'], texts: readonly string[]): readonly string[] => {
    change(id, (tab) =>
      withLines(
        tab,
        texts.map((text) => lineOf(stream, text)),
      ),
    )
    return texts
  }
  const remember = (id: number, line: string): void =>
    change(id, (tab) =>
      line === tab.history.at(-1) ? tab : { ...tab, history: [...tab.history, line].slice(-HISTORY) },
    )

  return {
    tabs: [],
    activeTab: 0,

    async openTab(wish) {
      const id = ++lastTab
      const connect = wish ?? allServers(ensemble.config.servers)
      const tab: TerminalTab = { id, station: -1, connect, commands: 0, lines: [], waiting: [], history: [] }
      set((state) => ({ tabs: [...state.tabs, tab], activeTab: id }))
      playback.wake()
      const station = ensemble.openClient(connect)
      opening.set(id, station)
      try {
        const number = await station
        change(id, (opened) => ({ ...opened, station: number }))
      } catch (error) {
        print(id, 'err', [messageOf(error)])
      }
      return id
    },

    async closeTab(id) {
      const station = await opening.get(id)?.catch(() => undefined)
      opening.delete(id)
      lastAnswer.delete(id)
      set((state) => {
        const at = state.tabs.findIndex((tab) => tab.id === id)
        const tabs = state.tabs.filter((tab) => tab.id !== id)
        if (state.activeTab !== id) return { tabs }
        return { tabs, activeTab: (tabs[at] ?? tabs[at - 1])?.id ?? 0 }
      })
      // A process that has ended by itself needs no end.
      if (station !== undefined) await ensemble.killClient(station).catch(() => undefined)
    },

    selectTab(id) {
      set({ activeTab: id })
    },

    async type(id, line) {
      const text = line.trimEnd()
      if (text !== '') remember(id, text)
      if (/^\s*:/.test(text)) return execute(id, text)
      change(id, (tab) => ({ ...tab, waiting: [...tab.waiting, text] }))
      playback.wake()
      const before = lastAnswer.get(id)
      const answer = (async () => {
        await before?.catch(() => undefined)
        const station = await opening.get(id)
        if (station === undefined) throw new Error('it was closed')
        return ensemble.type(station, text)
      })()
      lastAnswer.set(id, answer)
      try {
        const result = await answer
        return result.lines.map((printed) => printed.text)
      } catch (error) {
        change(id, (tab) => ({ ...tab, waiting: without(tab.waiting, text) }))
        return print(id, 'err', [t(($) => $.terminal.unanswered, { reason: messageOf(error) })])
      }
    },

    async complete(id, line, cursor) {
      if (/^\s*:/.test(line)) return { candidates: [], from: cursor }
      const station = await opening.get(id)
      if (station === undefined) return { candidates: [], from: cursor }
      return ensemble.complete(station, line, cursor).catch(() => ({ candidates: [], from: cursor }))
    },

    clearTab(id) {
      change(id, (tab) => ({ ...tab, lines: [] }))
    },

    echo(command) {
      print(get().activeTab, 'page', [command])
    },
  }

  async function execute(id: number, line: string): Promise<readonly string[]> {
    const state = get()
    const said = parseVerb(line, state.config.servers)
    if ('error' in said) {
      print(id, 'page', [line.trim()])
      return print(id, 'err', [verbError(said)])
    }
    // Stage orders print themselves, as they do when they are clicked.
    if (said.verb !== 'kill' && said.verb !== 'start' && said.verb !== 'crash') print(id, 'page', [line.trim()])
    switch (said.verb) {
      case 'kill':
        await state.kill(said.sid)
        return []
      case 'start':
        await state.start(said.sid)
        return []
      case 'crash': {
        const leader = await state.crashLeader()
        return leader === undefined ? print(id, 'err', [t(($) => $.terminal.nobodyLeads)]) : []
      }
      case 'pause':
        state.pause()
        return []
      case 'resume':
        state.resume()
        return []
      case 'step':
        await state.step()
        return []
      case 'speed':
        state.setSpeed(inRange(said.speed))
        return []
      case 'clean':
        await state.cleanSlate()
        return []
      case 'until':
        return until(id, said.condition)
      case 'help':
        return print(id, 'page', t(($) => $.terminal.verbHelp).split('\n'))
    }
  }

  async function until(id: number, condition: string): Promise<readonly string[]> {
    try {
      const met = await get().until(condition)
      return print(id, 'page', [
        met ? t(($) => $.terminal.reached, { condition }) : t(($) => $.terminal.notReached, { condition }),
      ])
    } catch (error) {
      if (!(error instanceof ConditionError)) throw error
      return print(id, 'err', [t(($) => $.terminal.noSuchCondition, { condition, conditions: CONDITIONS.join('; ') })])
    }
  }
}

const ENDS: ReadonlySet<TraceEvent['kind']> = new Set(['killed', 'crashed', 'halted'])

/** Prints what the cursor has just passed. */
export function printShown(store: StoreApi<PageState>, events: readonly TraceEvent[], picture: Picture): void {
  const { tabs } = store.getState()
  const changed = new Map<number, TerminalTab>()
  for (const event of events) {
    if (event.kind !== 'printed' && !ENDS.has(event.kind)) continue
    const tab = changed.get(event.station) ?? tabs.find((other) => other.station === event.station)
    if (tab === undefined) continue
    const state = picture.clients.get(event.station)?.state ?? 'CONNECTING'
    changed.set(
      event.station,
      event.kind === 'printed'
        ? printed(tab, event, state)
        : withLines(tab, [
            lineOf(
              'page',
              t(($) => $.terminal.ended),
            ),
          ]),
    )
  }
  if (changed.size === 0) return
  store.setState((state) => ({ tabs: state.tabs.map((tab) => changed.get(tab.station) ?? tab) }))
}

function printed(tab: TerminalTab, event: Extract<TraceEvent, { kind: 'printed' }>, state: ClientState): TerminalTab {
  const { stream, text } = event
  if (stream !== 'in') return withLines(tab, [lineOf(stream, text)])
  const shown = withLines(tab, [lineOf('in', text, promptOf(tab, state))])
  const connect = /^\s*connect\s+(\S+)\s*$/.exec(text)?.[1]
  return {
    ...shown,
    connect: connect ?? tab.connect,
    commands: text === '' ? tab.commands : tab.commands + 1,
    waiting: without(tab.waiting, text),
  }
}

/** The list without the first such line. */
function without(lines: readonly string[], line: string): readonly string[] {
  const at = lines.indexOf(line)
  return at === -1 ? lines : lines.toSpliced(at, 1)
}

const allServers = (count: number): string =>
  Array.from({ length: count }, (_, index) => `zk${index + 1}:2181`).join(',')

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function verbError(said: VerbError): string {
  switch (said.error) {
    case 'unknown':
      return t(($) => $.terminal.verbs.unknown, { word: said.word })
    case 'noSuchServer':
      return t(($) => $.terminal.verbs.noSuchServer, { word: said.word, servers: said.servers })
    case 'noSuchSpeed':
      return t(($) => $.terminal.verbs.noSuchSpeed, { word: said.word })
    case 'noCondition':
      return t(($) => $.terminal.verbs.noCondition)
    case 'cleanSlate':
      return t(($) => $.terminal.verbs.cleanSlate)
    case 'tooMuch':
      return t(($) => $.terminal.verbs.tooMuch, { word: said.word })
  }
}
