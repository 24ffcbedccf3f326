/** Source: ExitCode.java. */
export const ExitCode = {
  ExecutionFinished: 0,
  UnexpectedError: 1,
  InvalidInvocation: 2,
  UnableToAccessDatadir: 3,
  ErrorServerSnapshot: 10,
  QuorumPacketError: 13,
  UnableToBindQuorumPort: 14,
  /** As the JVM ends on SIGTERM: 128 and the signal's number. */
  Terminated: 143,
} as const
