/** What zkCli answers to one line. */
export interface CliResult {
  /** In the order they were printed. */
  readonly lines: readonly { readonly stream: 'out' | 'err'; readonly text: string }[]
  /** ZooKeeperMain's exit code of the command: 0 ok, 1 error, 127 unknown command. */
  readonly exitCode: number
}

/** What Tab offers. */
export interface Completion {
  /** Candidates, sorted, as zkCli lists them. */
  readonly candidates: readonly string[]
  /** Where in the line the completed word starts; a candidate replaces what stands from there to the cursor. */
  readonly from: number
}
