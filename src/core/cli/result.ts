/** What zkCli answers to one line: everything that it printed from its start to its end, watch events included. What it
 *  prints at other times (a watch event, the loss of the server) is in the trace alone, as `printed` events. */
export interface CliResult {
  /** In the order they were printed. */
  readonly lines: readonly { readonly stream: 'out' | 'err'; readonly text: string }[]
  /** ZooKeeperMain's exit code of the command: 0 ok, 1 error, 127 unknown command. */
  readonly exitCode: number
  /** The shell has ended, by `quit` or as the real one dies of some input: it answers nothing any more. */
  readonly ended?: true
  /** It has ended as the real one dies of such input. */
  readonly died?: true
}

/** What Tab offers. */
export interface Completion {
  /** Candidates, sorted, as zkCli lists them. */
  readonly candidates: readonly string[]
  /** Where in the line the completed word starts; a candidate replaces what stands from there to the cursor. */
  readonly from: number
}
