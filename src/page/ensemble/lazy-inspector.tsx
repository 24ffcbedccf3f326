import { lazy, Suspense } from 'react'

const Loaded = lazy(() => import('./inspector.tsx').then((part) => ({ default: part.Inspector })))

/** The inspector of the stage, fetched when something is chosen for the first time. */
export function Inspector() {
  return (
    <Suspense>
      <Loaded />
    </Suspense>
  )
}
