import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react'

/** Near enough to the end to want to stay there. */
const NEAR = 32

interface FollowEnd {
  readonly ref: RefObject<HTMLDivElement | null>
  readonly onScroll: () => void
  /** Stays where it is from now on. */
  readonly leave: () => void
}

/** Keeps a scrolling list at its end while one is there: when `content` changes, when its size does, when it is shown. */
export function useFollowEnd(content: unknown): FollowEnd {
  const ref = useRef<HTMLDivElement>(null)
  const atEnd = useRef(true)
  const follow = useRef(() => {
    if (atEnd.current && ref.current !== null) ref.current.scrollTop = ref.current.scrollHeight
  })
  // In the next frame: there the new content has been laid out, and to ask for its height costs nothing.
  // biome-ignore lint/correctness/useExhaustiveDependencies: new content is what makes it scroll
  useLayoutEffect(() => {
    const frame = requestAnimationFrame(() => follow.current())
    return () => cancelAnimationFrame(frame)
  }, [content])
  useEffect(() => {
    if (ref.current === null) return
    const observer = new ResizeObserver(() => follow.current())
    observer.observe(ref.current)
    return () => observer.disconnect()
  }, [])
  return {
    ref,
    onScroll: () => {
      const element = ref.current
      // A list that is not shown has no end.
      if (element === null || element.clientHeight === 0) return
      atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR
    },
    leave: () => {
      atEnd.current = false
    },
  }
}
