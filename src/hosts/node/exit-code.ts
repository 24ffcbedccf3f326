/** Source: ExitCode.java. */
export const ExitCode = {
  UnexpectedError: 1,
  InvalidInvocation: 2,
  UnableToAccessDatadir: 3,
  UnableToBindQuorumPort: 14,
} as const
