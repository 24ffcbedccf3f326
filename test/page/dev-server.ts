/** Serves the sources as they are, for page tests of parts that the product's page does not show. */
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'

export interface DevServer {
  readonly url: string
  close(): Promise<void>
}

export const serveSources = async (): Promise<DevServer> => {
  const server = await createServer({
    configFile: false,
    root: fileURLToPath(new URL('../..', import.meta.url)),
    cacheDir: 'node_modules/.cache/vite-sources',
    server: { port: 0, host: '127.0.0.1', allowedHosts: true, watch: null, hmr: false },
    optimizeDeps: {
      entries: ['test/page/bare/*.ts'],
      include: [
        'comlink',
        'pure-rand/distribution/uniformInt',
        'pure-rand/distribution/uniformFloat64',
        'pure-rand/generator/xoroshiro128plus',
      ],
    },
    logLevel: 'error',
  })
  await server.listen()
  const address = server.httpServer?.address()
  if (!address || typeof address === 'string') throw new Error('the server has no port')
  return { url: `http://127.0.0.1:${address.port}/`, close: () => server.close() }
}
