import { existsSync } from 'node:fs'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { museum } from './test/simulate/museum.mjs'

/** The programs of the Node host: `vite build --mode node`. */
const programs = Object.fromEntries(
  ['server', 'zkcli']
    .map((name) => [name, `src/hosts/node/${name}.ts`])
    .filter(([, file]) => existsSync(file as string)),
)

const libraries = [
  { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
  { name: 'words', test: /node_modules[\\/](i18next|react-i18next)[\\/]/ },
]

export default defineConfig(({ mode }) => ({
  // Relative, so that the built page works below any address.
  base: './',
  plugins: [react(), museum()],
  worker: { format: 'es' },
  server: { port: 5173, strictPort: false },
  preview: { port: 4173, strictPort: false },
  build:
    mode === 'node'
      ? {
          target: 'node20',
          ssr: true,
          outDir: 'dist/node',
          copyPublicDir: false,
          sourcemap: true,
          rolldownOptions: { input: programs },
        }
      : {
          target: 'es2023',
          sourcemap: true,
          // What changes only with a new version of a library, apart from what changes with the page.
          rolldownOptions: { output: { codeSplitting: { groups: libraries } } },
        },
  ssr: { noExternal: true },
  cacheDir: 'node_modules/.cache/vite',
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          environment: 'node',
          // Whether a test passes is never a matter of how busy the machine is.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: ['test/page/**', 'test/golden/**'],
        },
      },
    ],
  },
}))
