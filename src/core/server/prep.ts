import type { Database } from '../storage/database.ts'
import type { Zxid } from '../wire/ids.ts'
import type { Request } from './request.ts'
import type { SessionTracker } from './session-tracker.ts'

export interface PrepOptions {
  readonly database: Database
  readonly sessions: SessionTracker
  nextZxid(): Zxid
  wallTime(): number
}

export class PrepRequestProcessor {
  constructor(_options: PrepOptions) {}
  prepare(_request: Request): void {}
  applied(_zxid: Zxid): void {}
}
