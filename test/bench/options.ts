export interface Options {
  /** How often each figure is measured. */
  readonly repeat: number
  /** How long one measurement takes. */
  readonly seconds: number
  /** The server that the writing client is connected to. */
  readonly via: 'follower' | 'leader'
  /** How many writes are under way at once, for each row of the table of writes. */
  readonly outstanding: readonly number[]
}
