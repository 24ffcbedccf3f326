/** Terminal tabs: each is a zkCli process of the ensemble. What it prints comes by the trace, so that an answer appears when the
 *  cursor reaches it, not before. Lines behind a colon are for the page itself (terminal/verbs.ts), others for the shell of a
 *  server's machine (terminal/shell.ts). */
import type { StoreApi } from 'zustand/vanilla'
import type { ClientState } from '../../core/client/trace.ts'
import type { TraceEvent } from '../../core/trace.ts'
import { CONDITIONS } from '../../trace/condition.ts'
import type { Picture } from '../../trace/picture.ts'
import { t } from '../i18n/i18n.ts'
import { runShell } from '../terminal/run-shell.ts'
import { parseShell, SHELL_PROGRAMS, type ShellCommand, shellChoices } from '../terminal/shell.ts'
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
      const connect = wish ?? allServers(ensemble.config.servers)
      const id = addTab(connect)
      await begin(id, connect)
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
      const command = parseShell(text)
      if (command !== undefined) return runInShell(id, text, command)
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
        if (result.died) await beginAnew(id)
        return result.lines.map((printed) => printed.text)
      } catch (error) {
        change(id, (tab) => ({ ...tab, waiting: without(tab.waiting, text) }))
        return print(id, 'err', [t(($) => $.terminal.unanswered, { reason: messageOf(error) })])
      }
    },

    async complete(id, line, cursor) {
      if (/^\s*:/.test(line)) return { candidates: [], from: cursor }
      const typed = line.slice(0, cursor)
      const from = typed.search(/\S*$/)
      const fitting = (words: readonly string[]) => words.filter((word) => word.startsWith(typed.slice(from)))
      const choices = shellChoices(typed, ensemble.config.servers)
      if (choices !== undefined && typed.slice(0, from).trim() !== '') return { candidates: fitting(choices), from }
      const station = await opening.get(id)
      if (station === undefined) return { candidates: [], from: cursor }
      const offered = await ensemble.complete(station, line, cursor).catch(() => ({ candidates: [], from: cursor }))
      const isFirst = typed.trim() !== '' && typed.slice(0, from).trim() === ''
      if (!isFirst || offered.from !== from) return isFirst ? { candidates: fitting(SHELL_PROGRAMS), from } : offered
      return { candidates: [...offered.candidates, ...fitting(SHELL_PROGRAMS)].sort(), from }
    },

    clearTab(id) {
      change(id, (tab) => ({ ...tab, lines: [] }))
    },

    echo(command) {
      print(get().activeTab, 'page', [command])
    },
  }

  function addTab(connect: string): number {
    const id = ++lastTab
    const tab: TerminalTab = { id, station: -1, former: [], connect, commands: 0, lines: [], waiting: [], history: [] }
    set((state) => ({ tabs: [...state.tabs, tab], activeTab: id }))
    return id
  }

  /** Starts the process of a tab. */
  async function begin(id: number, started: string): Promise<void> {
    playback.wake()
    const station = ensemble.openClient(started)
    opening.set(id, station)
    try {
      const number = await station
      change(id, (opened) => ({ ...opened, station: number }))
    } catch (error) {
      print(id, 'err', [messageOf(error)])
    }
  }

  /** The shell has died as the real one does; the machine's shell, where one would be then, starts it again. */
  async function beginAnew(id: number): Promise<void> {
    const tab = get().tabs.find((other) => other.id === id)
    if (tab === undefined) return
    change(id, (dead) => ({ ...dead, station: -1, former: [...dead.former, dead.station], commands: 0 }))
    await begin(id, tab.connect)
  }

  /** A line for the shell of the machine of the server that this session is at. Like a line for zkCli it waits for the one
   *  before, and may have to wait until time goes on. */
  async function runInShell(id: number, text: string, command: ShellCommand): Promise<readonly string[]> {
    change(id, (tab) => ({ ...tab, waiting: [...tab.waiting, text] }))
    playback.wake()
    const before = lastAnswer.get(id)
    const { picture } = playback
    const tab = get().tabs.find((other) => other.id === id)
    const answer = (async () => {
      await before?.catch(() => undefined)
      return runShell(command, {
        ensemble,
        here: (tab && picture.clients.get(tab.station)?.server) ?? 1,
        openShell: async (started, connect) => {
          const opened = addTab(connect)
          await begin(opened, started)
          const station = await opening.get(opened)
          return station === undefined ? [] : (await ensemble.type(station, '')).lines.map((line) => line.text)
        },
        says: {
          noSuchServer: (word) => t(($) => $.terminal.verbs.noSuchServer, { word, servers: ensemble.config.servers }),
          asleep: (sid) => t(($) => $.terminal.shell.asleep, { sid }),
          ncUsage: () => t(($) => $.terminal.shell.ncUsage),
        },
      })
    })()
    lastAnswer.set(id, answer)
    const lines = await answer.catch((error) => [{ stream: 'err' as const, text: messageOf(error) }])
    change(id, (done) =>
      withLines({ ...done, waiting: without(done.waiting, text) }, [
        lineOf('in', text, SHELL_PROMPT),
        ...lines.map((line) => lineOf(line.stream, line.text)),
      ]),
    )
    return lines.map((line) => line.text)
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

/** Of the machine's shell. */
const SHELL_PROMPT = '$ '

const ENDS: ReadonlySet<TraceEvent['kind']> = new Set(['killed', 'crashed', 'halted'])

/** Prints what the cursor has just passed. */
export function printShown(store: StoreApi<PageState>, events: readonly TraceEvent[], picture: Picture): void {
  const { tabs } = store.getState()
  const changed = new Map<number, TerminalTab>()
  for (const event of events) {
    if (event.kind !== 'printed' && !ENDS.has(event.kind)) continue
    const owner = tabs.find(({ station, former }) => station === event.station || former.includes(event.station))
    if (owner === undefined) continue
    const tab = changed.get(owner.id) ?? owner
    const state = picture.clients.get(event.station)?.state ?? 'CONNECTING'
    const end = died(tab) ? t(($) => $.terminal.died) : t(($) => $.terminal.ended)
    changed.set(owner.id, event.kind === 'printed' ? printed(tab, event, state) : withLines(tab, [lineOf('page', end)]))
  }
  if (changed.size === 0) return
  store.setState((state) => ({ tabs: state.tabs.map((tab) => changed.get(tab.id) ?? tab) }))
}

/** The last line typed was the death of the shell. */
function died({ lines }: TerminalTab): boolean {
  const answer = lines.slice(lines.findLastIndex(({ stream }) => stream === 'in') + 1)
  return answer.some(({ stream, text }) => stream === 'err' && text.startsWith('Exception in thread "main" '))
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
    // Not by its text, which may be censored: lines are answered in their order.
    waiting: without(tab.waiting, tab.waiting.find((line) => parseShell(line) === undefined) ?? text),
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
