import { useEffect, useState } from 'react'
import { EPOCH_COLOURS } from '../parts/epoch.ts'
import { usePage } from '../store/hooks.ts'
import type { Inks } from './flight.ts'

/** Asks the browser what a custom property is in the present theme. */
function readInks(): Inks {
  const probe = document.createElement('span')
  probe.style.display = 'none'
  document.body.append(probe)
  const style = getComputedStyle(probe)
  const read = (property: string) => {
    probe.style.color = `var(${property})`
    return style.color
  }
  const inks = {
    epochs: Array.from({ length: EPOCH_COLOURS + 1 }, (_, slot) => read(`--epoch-${slot}`)),
    paper: read('--paper'),
    ink: read('--ink'),
    faint: read('--ink-3'),
    accent: read('--accent'),
    ember: read('--danger'),
    mono: getComputedStyle(document.documentElement).getPropertyValue('--mono') || 'monospace',
  }
  probe.remove()
  return inks
}

/** The theme's colours for a canvas; new ones when the theme changes. */
export function useInks(): Inks | undefined {
  const theme = usePage((page) => page.theme)
  const [inks, setInks] = useState<Inks>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new theme is a reason to read again
  useEffect(() => {
    const read = () => setInks(readInks())
    // After the frame in which the theme's attribute was set.
    const frame = requestAnimationFrame(read)
    const system = matchMedia('(prefers-color-scheme: dark)')
    system.addEventListener('change', read)
    return () => {
      cancelAnimationFrame(frame)
      system.removeEventListener('change', read)
    }
  }, [theme])
  return inks
}
