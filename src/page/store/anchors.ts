/** Where on the page things are that another view draws lines to. Views tell it when they are laid out, so that nobody has to
 *  measure while drawing. Pixels of the page. */

export interface Area {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** The tree pane, while it is seen. */
export interface TreeAnchors extends Area {
  /** Middle of the row of a znode, or of the nearest one above it that is listed; may be out of sight. */
  yOf(path: string): number
}

export class Anchors {
  #tree: TreeAnchors | undefined
  #stage: Area | undefined
  readonly #listeners = new Set<() => void>()

  get tree(): TreeAnchors | undefined {
    return this.#tree
  }
  get stage(): Area | undefined {
    return this.#stage
  }
  set tree(tree: TreeAnchors | undefined) {
    this.#tree = tree
    for (const listener of this.#listeners) listener()
  }
  set stage(stage: Area | undefined) {
    this.#stage = stage
    for (const listener of this.#listeners) listener()
  }
  readonly onChange = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** Of an element as it is now. Measures, so not for every frame. */
export function areaOf(element: Element): Area {
  const { left, top, right, bottom } = element.getBoundingClientRect()
  const { scrollX, scrollY } = window
  return { left: left + scrollX, top: top + scrollY, right: right + scrollX, bottom: bottom + scrollY }
}
