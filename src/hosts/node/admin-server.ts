/** The AdminServer: commands over HTTP. Source: JettyAdminServer.java (admin.md section 5). */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { ServerSettings } from '../../core/config/zoo-cfg.ts'
import { adminCommand } from '../../core/server/admin-commands.ts'
import type { Replica } from '../../core/server/replica.ts'
import { log } from './log.ts'

/** Goes on without it when its port is taken. */
export function startAdminServer(
  replica: Replica,
  { host, port, commandUrl, idleTimeoutMs }: ServerSettings['admin'],
): void {
  const server = createServer((request, response) => answer(replica, commandUrl, request, response))
  server.keepAliveTimeout = idleTimeoutMs
  const where = `on address ${host}, port ${port} and command URL ${commandUrl}`
  server.on('error', (error) => log('WARN', `Problem starting AdminServer ${where}: ${error.message}`))
  server.listen({ port, host: host === '0.0.0.0' ? '::' : host }, () => log('INFO', `Started AdminServer ${where}`))
  // Nobody waits for it when the process is to end.
  server.unref()
}

function answer(replica: Replica, commandUrl: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const name = nameOf(url.pathname, commandUrl)
  if (name === undefined) return plain(response, 404, 'Not Found')
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return plain(response, request.method === 'TRACE' ? 403 : 405, 'HTTP method is not supported by this URL')
  const params: { [name: string]: string } = {}
  for (const [key, value] of url.searchParams) params[key] ??= value
  const { status, contentType, body } = adminCommand(replica, name, params, commandUrl)
  response.writeHead(status, contentType === undefined ? {} : { 'Content-Type': contentType })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** What stands behind the command URL and its slash; empty for none; undefined outside of it. */
function nameOf(path: string, commandUrl: string): string | undefined {
  if (path === commandUrl) return ''
  if (!path.startsWith(`${commandUrl}/`)) return undefined
  try {
    return decodeURIComponent(path.slice(commandUrl.length + 1))
  } catch {
    return path.slice(commandUrl.length + 1)
  }
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain' })
  response.end(`${text}\n`)
}
