/** As text, since the trace has what JSON has not. */
export const plain = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'bigint' ? `${each}n` : each instanceof Uint8Array ? `bytes ${each.join(' ')}` : each,
  )
